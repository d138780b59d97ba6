"""The tests' own PostgreSQL, Kafka and Valkey: one set for all workers, a corner of it for each."""

import os
import secrets
import shutil
import time
from collections.abc import Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from functools import cache
from itertools import count
from pathlib import Path
from urllib.parse import urlsplit

import redis

from openbanking.services.addresses import Addresses
from openbanking.services.database import drop_database, ensure_database
from openbanking.services.locks import hold_shared, try_exclusive
from openbanking.services.service_set import ServiceSet
from openbanking.services.state import load_state

FOLDER = Path(__file__).resolve().parents[2] / ".services" / "test"
VALKEY_DATABASES = range(1, 512)
"""Those that workers may take; 0 is left to whoever looks by hand."""
LAST_WORKERS_MAY_TAKE_S = 3.0


@dataclass(frozen=True, slots=True, kw_only=True)
class WorkerAddresses(Addresses):
    """What one test worker has to itself: an empty database, a Valkey database, and a prefix."""

    topic_prefix: str
    """For topics and groups; another one in every run, so that an old run's topics never disturb."""


@cache
def test_addresses(worker_id: str) -> WorkerAddresses:
    """
    Bring up the tests' set if need be, and return this worker's corner of it (``master``, ``gw0``, ``gw1``, ...).

    The database is ``millrace_test_<worker>``, dropped and created anew; a second test run at the same time gets
    ``millrace_test_<worker>_1`` and so on. Services given in the environment are used in the same way.
    """
    _in_use.append(hold_shared(FOLDER / "users.lock"))
    found = ServiceSet(FOLDER).up()
    slot = _first_free(worker_id, count())
    database = f"millrace_test_{worker_id}" + (f"_{slot}" if slot else "")
    app_role, owner_role = urlsplit(found.database_url).username, urlsplit(found.database_owner_url).username
    assert app_role, "DATABASE_URL names no role"
    assert owner_role, "DATABASE_OWNER_URL names no role"
    maintenance_url = _with_path(found.database_admin_url, "postgres")
    drop_database(maintenance_url, database)
    ensure_database(maintenance_url, database, owner=owner_role, app=app_role)
    valkey_url = _with_path(found.valkey_url, str(_first_free("valkey", VALKEY_DATABASES)))
    _empty_if_ours(valkey_url)
    return WorkerAddresses(
        database_url=_with_path(found.database_url, database),
        database_owner_url=_with_path(found.database_owner_url, database),
        database_admin_url=_with_path(found.database_admin_url, database),
        kafka_bootstrap_servers=found.kafka_bootstrap_servers,
        valkey_url=valkey_url,
        topic_prefix=f"{worker_id}.{_run_id()}.",
    )


def stop_test_services() -> None:
    """
    Stop the tests' set at the end of a run, unless ``KEEP_SERVICES=1`` or another run still uses it.

    For the controlling process, once its workers have ended. Topics are forgotten, databases stay.
    """
    while _in_use:
        os.close(_in_use.pop())
    test_addresses.cache_clear()
    if os.environ.get("KEEP_SERVICES") == "1" or not FOLDER.exists():
        return
    alone = _wait_until_unused()
    if alone is None:
        return
    try:
        ServiceSet(FOLDER, given={}).down()  # By now the environment holds these very services' addresses.
        shutil.rmtree(FOLDER / "kafka", ignore_errors=True)
    finally:
        os.close(alone)


@contextmanager
def private_set(
    folder: Path, *, given: Mapping[str, str] | None = None, only: Sequence[str] = ("postgres", "kafka", "valkey")
) -> Iterator[ServiceSet]:
    """Run a set that a test may kill as it likes (``os.kill(services.service("kafka").pid, 9)``), then stop it."""
    services = ServiceSet(folder, given=given or {}, only=only)
    try:
        services.up()
        yield services
    finally:
        services.down()


_in_use: list[int] = []
"""Descriptors of locks that tell others what this process uses; the kernel closes them when it dies."""


def _first_free(name: str, numbers: Iterable[int]) -> int:
    """Return the first number that no worker of any test run holds under this name; hold it from now on."""
    for number in numbers:
        held = try_exclusive(FOLDER / "slots" / f"{name}.{number}")
        if held is not None:
            _in_use.append(held)
            return number
    raise AssertionError(f"every {name} is taken")


def _empty_if_ours(valkey_url: str) -> None:
    """Forget what an earlier run left; a Valkey that was given is not ours to empty."""
    ours = load_state(FOLDER).valkey
    if ours is not None and urlsplit(valkey_url).password == ours.password:
        with redis.Redis.from_url(valkey_url) as client:
            client.flushdb()


def _wait_until_unused() -> int | None:
    """Hold the set alone, or return ``None`` if others go on using it."""
    deadline = time.monotonic() + LAST_WORKERS_MAY_TAKE_S
    while (alone := try_exclusive(FOLDER / "users.lock")) is None and time.monotonic() < deadline:
        time.sleep(0.05)
    return alone


@cache
def _run_id() -> str:
    """Return a short name of this test run, the same in all its workers."""
    return os.environ.get("PYTEST_XDIST_TESTRUNUID", secrets.token_hex(4))[:8]


def _with_path(url: str, path: str) -> str:
    return urlsplit(url)._replace(path=f"/{path}").geturl()
