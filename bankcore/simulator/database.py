"""The core's own SQLite file: its tables are a legacy core's, its transactions survive ``kill -9``."""

import os
import sqlite3
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from django.conf import settings

from bankcore.errors import CoreNotSeeded

SCHEMA = Path(__file__).with_name("schema.sql")


def core_file() -> Path:
    """Return where the core's database lies."""
    return Path(settings.SIMULATOR_FILE)


def open_core(*, is_bulk: bool = False) -> sqlite3.Connection:
    """
    Open the core's database, making it if need be.

    A commit is on the disk before it returns; ``is_bulk`` trades that for speed while history is written,
    which costs nothing but a repetition if the machine stops.
    """
    path = core_file()
    path.parent.mkdir(parents=True, exist_ok=True)
    connection = sqlite3.connect(path, timeout=30, isolation_level=None)
    os.chmod(path, 0o600)
    connection.execute("PRAGMA journal_mode = WAL")
    connection.execute(f"PRAGMA synchronous = {'NORMAL' if is_bulk else 'FULL'}")
    connection.execute("PRAGMA cache_size = -32000")
    connection.executescript(SCHEMA.read_text())
    return connection


def open_seeded_core() -> sqlite3.Connection:
    """
    Open the core's database if it has customers.

    :raises CoreNotSeeded: if it has none.
    """
    if not core_file().exists():
        raise CoreNotSeeded
    connection = open_core()
    if read_control(connection, "seed") is None:
        connection.close()
        raise CoreNotSeeded
    return connection


@contextmanager
def writing(connection: sqlite3.Connection) -> Iterator[None]:
    """Hold the core's one write lock for the body of a ``with``: all of it is committed, or nothing."""
    connection.execute("BEGIN IMMEDIATE")
    try:
        yield
    except BaseException:
        connection.execute("ROLLBACK")
        raise
    connection.execute("COMMIT")


@contextmanager
def reading(connection: sqlite3.Connection) -> Iterator[None]:
    """Read one state of the core throughout the body of a ``with``."""
    connection.execute("BEGIN")
    try:
        yield
    finally:
        connection.execute("COMMIT")


def read_control(connection: sqlite3.Connection, key: str) -> str | None:
    """Return a setting that the core keeps about itself."""
    row = connection.execute("SELECT CTVAL FROM CONTROL WHERE CTKEY = ?", (key,)).fetchone()
    return None if row is None else str(row[0])


def write_control(connection: sqlite3.Connection, key: str, value: str) -> None:
    """Keep a setting of the core."""
    connection.execute("INSERT OR REPLACE INTO CONTROL VALUES (?, ?)", (key, value))
