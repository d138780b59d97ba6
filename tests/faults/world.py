"""A platform in small, whose services and processes a test may hurt: real programs, with a database of its own."""

import os
import secrets
import subprocess
import sys
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime
from pathlib import Path
from signal import SIGCONT, SIGKILL, SIGTERM
from typing import Any
from urllib.parse import urlsplit

import psycopg
from psycopg import sql

from openbanking.services import processes
from openbanking.services.addresses import Addresses
from openbanking.services.database import ensure_database
from openbanking.services.service_set import ServiceSet
from tests.faults import broker
from tests.faults.journal import Account, read_journal
from tests.faults.nursery import Child, Nursery
from tests.faults.purses import GROUPS, PARTITIONS, PURSES, RECEIPTS, TABLES
from tests.faults.timing import wait_until

ROOT = Path(__file__).resolve().parents[2]
TEMPLATE = "faults_template"
ENDS_WITHIN_S = 60.0
COMMAND_WITHIN_S = 180.0
TEMPLATE_WITHIN_S = 300.0


@dataclass(kw_only=True)
class World:
    """One test's own: processes by the names that the test gave them, and what they were given."""

    folder: Path
    services: ServiceSet
    database: str
    environment: dict[str, str]
    """Of processes that are started from now on."""
    admin_url: str
    """The superuser's, straight to the server: observers walk round whatever a test puts in between."""
    processes: dict[str, "subprocess.Popen[bytes] | Child"] = field(default_factory=dict)
    _nursery: Nursery | None = None

    @property
    def journal(self) -> Path:
        """The file in which this world's writers keep their account."""
        return self.folder / "journal"

    @property
    def bootstrap(self) -> str:
        """Where the broker is."""
        return self.environment["KAFKA_BOOTSTRAP_SERVERS"]

    @property
    def prefix(self) -> str:
        """What goes before the names of topics and groups."""
        return self.environment["TOPIC_PREFIX"]

    def account(self) -> Account:
        """Return what the writers' journal says by now."""
        return read_journal(self.journal)

    def start_relay(self, name: str = "relay", **environment: str) -> None:
        """Start a relay process."""
        self._fork(name, "process", ["relay"], environment)

    def start_consumers(self, name: str = "consumers", groups: Sequence[str] = GROUPS, **environment: str) -> None:
        """Start a process that runs consumer groups."""
        self._fork(name, "process", ["consume", *groups], environment)

    def start_writer(self, name: str = "writer", *, seed: int, **options: Any) -> None:
        """Start a process that writes deeds; options are those of its command line."""
        environment = options.pop("environment", {})
        flags = [
            f"--{key}" if value is True else f"--{key}={value}" for key, value in options.items() if value is not False
        ]
        self._fork(name, "writer", [f"--journal={self.journal}", f"--seed={seed}", *flags], environment)

    def write(self, *, seed: int, seconds: float, **options: Any) -> None:
        """Let a writer write for some seconds, and wait for its end."""
        self.start_writer("passing writer", seed=seed, seconds=seconds, **options)
        assert self.processes.pop("passing writer").wait(seconds + ENDS_WITHIN_S) == 0

    def start(self, name: str, *arguments: str) -> None:
        """Start any other program: Python with the given arguments."""
        assert name not in self.processes, f"{name} runs already"
        with self._log(name).open("ab") as log:
            self.processes[name] = subprocess.Popen(
                [sys.executable, *arguments],
                cwd=ROOT,
                env={**os.environ, **self.environment},
                stdin=subprocess.DEVNULL,
                stdout=log,
                stderr=log,
            )

    def manage(self, *arguments: str, check: bool = True) -> str:
        """Run a command of ``manage.py`` beside the running processes; return what it printed, errors included."""
        log = self._log(f"manage {arguments[0]}")
        begun_at = log.stat().st_size if log.exists() else 0
        status = self._raise("process", arguments, log, {}).wait(COMMAND_WITHIN_S)
        printed = log.read_bytes()[begun_at:].decode()
        assert not check or status == 0, f"manage.py {' '.join(arguments)}:\n{printed}"
        return printed

    def kill(self, name: str) -> None:
        """``kill -9``, stopped or not."""
        process = self.processes.pop(name)
        process.send_signal(SIGKILL)
        process.wait()

    def end(self, name: str) -> int:
        """Ask a process to end, and return its status."""
        process = self.processes.pop(name)
        process.send_signal(SIGTERM)
        process.send_signal(SIGCONT)
        return process.wait(ENDS_WITHIN_S)

    def kill_service(self, name: str) -> None:
        """``kill -9`` the broker, the database's postmaster, or Valkey."""
        pid = self.services.service(name).pid
        assert pid is not None, f"{name} does not run"
        os.kill(pid, SIGKILL)
        wait_until(lambda: self.services.service(name).pid != pid, f"{name} does not end")

    def bring_up(self) -> None:
        """Start whatever service does not run, where it was before."""
        self.services.up()

    def rows(self, query: str, values: Sequence[object] = ()) -> list[tuple[Any, ...]]:
        """Ask the database as its superuser, in a session of its own."""
        with psycopg.connect(self.admin_url, autocommit=True) as session:
            cursor = session.execute(query, values or None)  # without values, % means itself.
            return cursor.fetchall() if cursor.description else []

    def stream(self, query: str) -> Iterator[tuple[Any, ...]]:
        """Ask for more rows than memory should hold."""
        with psycopg.connect(self.admin_url) as session, session.cursor(name="stream") as cursor:
            cursor.itersize = 20_000
            yield from cursor.execute(query)

    def value(self, query: str, values: Sequence[object] = ()) -> Any:
        """Return the one value that a query has."""
        return self.rows(query, values)[0][0]

    def leader(self) -> str | None:
        """Return the name of the process that leads the relay's first range, if one does."""
        self.demand_life()
        rows = self.rows("SELECT owner FROM streaming_relay WHERE lease_until >= clock_timestamp() ORDER BY name")
        names = {f":{process.pid}:": name for name, process in self.processes.items()}
        return next((name for mark, name in names.items() if rows and mark in rows[0][0]), None)

    def has_standby(self) -> bool:
        """Say whether somebody waits for the lease."""
        return bool(self.value("SELECT count(*) > 0 FROM streaming_relay WHERE standby_until >= clock_timestamp()"))

    def demand_life(self) -> None:
        """Fail if a process ended that nobody ended: whatever happens around them, they must go on."""
        ended = {name: process.returncode for name, process in self.processes.items() if process.poll() is not None}
        assert not ended, f"ended by themselves: {ended}"

    def logs(self) -> str:
        """Return the ends of all logs, to be shown with a failure."""
        files = sorted(self.folder.glob("*.log"))
        return "\n".join(f"--- {file.name}\n{processes.last_lines(file, 12)}" for file in files)

    def note(self, sentence: str) -> None:
        """Add a sentence to this world's own log, which is shown with a failure."""
        with (self.folder / "faults.log").open("a") as log:
            log.write(f"{datetime.now(UTC):%H:%M:%S} {sentence}\n")

    def look_at(self, admin_url: str) -> None:
        """Watch the database on another server from now on."""
        self.admin_url = with_database(admin_url, self.database)

    def prepare_others(self, **environment: str) -> None:
        """Let processes that are started from now on have these settings."""
        self.environment |= environment
        self._end_nursery()
        self.warm_up()

    def warm_up(self) -> None:
        """Let the platform be imported while something else is waited for."""
        self._nursery = Nursery(self.folder, self.environment)

    def close(self) -> None:
        """End every process, whatever state it is in."""
        for name in list(self.processes):
            self.kill(name)
        self._end_nursery()

    def _fork(self, name: str, module: str, arguments: Sequence[str], environment: Mapping[str, str]) -> None:
        assert name not in self.processes, f"{name} runs already"
        self.processes[name] = self._raise(module, arguments, self._log(name), environment)

    def _raise(self, module: str, arguments: Sequence[str], log: Path, environment: Mapping[str, str]) -> Child:
        assert self._nursery is not None, "the world has ended"
        return self._nursery.fork(module, arguments, log, environment)

    def _log(self, name: str) -> Path:
        return self.folder / f"{name}.log"

    def _end_nursery(self) -> None:
        if self._nursery is not None:
            self._nursery.close()
            self._nursery = None


@contextmanager
def running_world(
    folder: Path,
    services: ServiceSet,
    *,
    elsewhere: Mapping[str, str] | None = None,
    make_topic: Callable[[str], None] | None = None,
) -> Iterator[World]:
    """
    Make a world on running services: a database copied from the template, topics of its own name.

    ``elsewhere`` holds addresses that take the place of the services' own; ``make_topic`` is for a broker that does
    not make any when it is asked to in the usual way.
    """
    addresses = replace(services.addresses(), **elsewhere or {})
    database, prefix = f"faults_{secrets.token_hex(4)}", f"f{secrets.token_hex(3)}."
    environment = environment_of(addresses, services.folder) | {
        "DATABASE_URL": with_database(addresses.database_url, database),
        "DATABASE_OWNER_URL": with_database(addresses.database_owner_url, database),
        "TOPIC_PREFIX": prefix,
    }
    admin_url = with_database(addresses.database_admin_url, database)
    world = World(folder=folder, services=services, database=database, environment=environment, admin_url=admin_url)
    try:
        world.warm_up()
        _copy_database(addresses, database)
        topics = [f"{prefix}{topic}" for topic in (PURSES, RECEIPTS)]
        if make_topic is None:
            broker.make_topics(addresses.kafka_bootstrap_servers, topics, partitions=PARTITIONS)
        else:
            for topic in topics:
                make_topic(topic)
        yield world
    finally:
        world.close()


def prepare_template(services: ServiceSet) -> None:
    """Migrate the database that every world's is a copy of, and add the tests' own tables."""
    addresses = services.addresses()
    ensure_database(addresses.database_admin_url, TEMPLATE)
    owner_url = with_database(addresses.database_owner_url, TEMPLATE)
    urls = {"DATABASE_URL": with_database(addresses.database_url, TEMPLATE), "DATABASE_OWNER_URL": owner_url}
    subprocess.run(
        [sys.executable, "manage.py", "migrate", "--verbosity", "0"],
        cwd=ROOT,
        env=os.environ | environment_of(addresses, services.folder) | urls,
        check=True,
        timeout=TEMPLATE_WITHIN_S,
    )
    with psycopg.connect(owner_url) as owner:
        owner.execute(TABLES)


def environment_of(addresses: Addresses, folder: Path) -> dict[str, str]:
    """Return what the settings of a world's processes are made of."""
    return {
        "SANDBOX": "1",
        "BASE_URL": "http://testserver",
        "SERVICES_DIR": str(folder),
        **addresses.as_environment(),
        "DATABASE_ADMIN_URL": addresses.database_admin_url,
        "TOPIC_PREFIX": "",
        "LOG_LEVEL": "INFO",
        "LOG_FORMAT": "console",
    }


def with_database(url: str, name: str) -> str:
    """Return the address of another database of the same server."""
    return urlsplit(url)._replace(path=f"/{name}").geturl()


def _copy_database(addresses: Addresses, name: str) -> None:
    with psycopg.connect(addresses.database_admin_url, autocommit=True) as admin:
        statement = sql.SQL("CREATE DATABASE {} OWNER millrace_owner TEMPLATE {}")
        admin.execute(statement.format(sql.Identifier(name), sql.Identifier(TEMPLATE)))
    ensure_database(addresses.database_admin_url, name)
