"""More than one PostgreSQL: standbys that are promoted, copies that are started later, databases moved elsewhere."""

import subprocess
from collections.abc import Iterator, Sequence
from contextlib import contextmanager, suppress
from dataclasses import replace
from pathlib import Path
from signal import SIGINT, SIGKILL
from urllib.parse import urlsplit

import psutil
import psycopg

from openbanking.services import processes
from openbanking.services.addresses import known_addresses
from openbanking.services.ports import keep_or_choose
from openbanking.services.postgres import Postgres, binaries
from openbanking.services.state import State, load_state, save_state
from openbanking.services.unprivileged import as_stand_in, give
from tests.faults.timing import wait_until


class Cluster:
    """One server in a folder of its own."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self.service = Postgres(folder)

    @property
    def port(self) -> int:
        """Where it listens."""
        postgres = load_state(self.folder).postgres
        assert postgres is not None
        return postgres.port

    @property
    def data(self) -> Path:
        """Its data directory."""
        return Path(self.service.mark)

    @property
    def admin_url(self) -> str:
        """The superuser's address."""
        return known_addresses(self.folder, {}).database_admin_url

    def start(self) -> None:
        """Start the server, making the cluster if there is none, and wait until it answers."""
        self.service.prepare()
        processes.start(
            self.service.command, env=self.service.env, cwd=self.service.cwd, log_file=self.service.log_file
        )
        wait_until(self.service.is_ready, "the server does not answer")

    def restart(self) -> None:
        """Stop and start it, for settings that want it."""
        self.end(SIGINT)
        self.start()

    def end(self, how: int) -> None:
        """Send its postmaster a signal, and wait until it has ended."""
        process = self.process
        process.send_signal(how)
        wait_until(lambda: self.service.pid is None, "the server does not end")

    @property
    def process(self) -> psutil.Process:
        """Its postmaster."""
        pid = self.service.pid
        assert pid is not None, "the server does not run"
        return psutil.Process(pid)

    def set(self, **settings: str) -> None:
        """Change settings that need no restart."""
        with psycopg.connect(self.admin_url, autocommit=True) as admin:
            for name, value in settings.items():
                admin.execute(f"ALTER SYSTEM SET {name} = '{value}'")
            admin.execute("SELECT pg_reload_conf()")

    def promote(self) -> None:
        """Make a standby the primary."""
        with psycopg.connect(self.admin_url, autocommit=True) as admin:
            admin.execute("SELECT pg_promote(true, 60)")

    def copy_to(self, folder: Path, *, follows_by_port: int | None = None) -> "Cluster":
        """Copy the running cluster: as a standby that follows it by this port, or as a backup to be started later."""
        copy = self.sibling(folder)
        copy.service.home.mkdir(parents=True)
        give(copy.service.home)
        url = through(self.admin_url, follows_by_port or self.port)
        command = ["pg_basebackup", f"--dbname={url}", f"--pgdata={copy.data}", "--checkpoint=fast"]
        self.run([*command, *(["--write-recovery-conf"] if follows_by_port else [])], reaching=copy)
        return copy

    def sibling(self, folder: Path) -> "Cluster":
        """Return another cluster that is yet to be made, with the same passwords."""
        state = load_state(self.folder)
        assert state.postgres is not None
        folder.mkdir(parents=True)
        save_state(folder, State(postgres=replace(state.postgres, port=keep_or_choose(None))))
        return Cluster(folder)

    def run(self, command: Sequence[str], *, reaching: "Cluster") -> None:
        """Run one of PostgreSQL's programs as the user that the servers run as."""
        program = binaries() / command[0]
        done = subprocess.run(
            as_stand_in([str(program), *command[1:]], reaching=[program, reaching.service.home]),
            env=self.service.env,
            cwd=reaching.service.home,
            capture_output=True,
            text=True,
            check=False,
        )
        assert done.returncode == 0, done.stderr

    def recover(self) -> None:
        """Start a backup as a recovery to its own moment does: the server begins a new timeline."""
        signal = self.data / "recovery.signal"
        signal.touch()
        give(signal)
        with (self.data / "postgresql.auto.conf").open("a") as settings:
            settings.write("restore_command = 'false'\n")  # there is no archive: what the backup holds is all.
        self.start()

    def is_followed(self) -> bool:
        """Say whether a standby has all that this one has."""
        with psycopg.connect(self.admin_url) as admin:
            row = admin.execute(
                "SELECT count(*) > 0 AND bool_and(replay_lsn >= pg_current_wal_lsn()) FROM pg_stat_replication"
            ).fetchone()
        return bool(row and row[0])


@contextmanager
def ending(*clusters: Cluster) -> Iterator[None]:
    """Afterwards none of these servers runs, frozen or not."""
    try:
        yield
    finally:
        for cluster in clusters:
            if pid := cluster.service.pid:
                postmaster = psutil.Process(pid)
                for process in [postmaster, *postmaster.children(recursive=True)]:
                    with suppress(psutil.NoSuchProcess):  # they end by themselves once they miss their parent.
                        process.send_signal(SIGKILL)


def through(url: str, port: int) -> str:
    """Return the address by another port."""
    parts = urlsplit(url)
    return parts._replace(netloc=f"{parts.netloc.rpartition(':')[0]}:{port}").geturl()
