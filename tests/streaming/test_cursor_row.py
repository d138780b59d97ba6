"""The relay's row is written several times a second for ever: it must not grow, nor be slow to read."""

from collections.abc import Iterator
from pathlib import Path

import psycopg
import pytest
from psycopg.rows import TupleRow

import streaming
from streaming.relaying import lease
from streaming.relaying.lease import Leadership
from streaming.relaying.reader import Position
from tests.support.services import private_set
from tests.support.waiting import wait_until

NAME = "relay:0-63"
AN_HOUR = 3600 * 4
"""Stores of one hour."""
PAGE = 8192


@pytest.fixture(scope="module")
def database_url(tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    """
    Return a server of this module's own, with the room's tables.

    A version is cleared away once no transaction of the whole server can see it, and of the tests' own server others
    make use as well.
    """
    with private_set(tmp_path_factory.mktemp("postgres"), only=("postgres",)) as services:
        url = services.addresses().database_owner_url
        with psycopg.connect(url) as owner:
            for script in sorted(Path(streaming.__file__).with_name("migrations").glob("*.sql")):
                owner.execute(script.read_text())
        yield url


@pytest.fixture
def session(database_url: str) -> Iterator[psycopg.Connection[TupleRow]]:
    """Return a relay's session; its row is new."""
    with psycopg.connect(database_url, autocommit=True, prepare_threshold=1) as opened:
        opened.execute("DELETE FROM streaming_relay")
        opened.execute("INSERT INTO streaming_relay (name) VALUES (%s)", [NAME])
        yield opened


def test_an_hour_of_stores_leaves_the_row_in_its_page(session):
    leadership = lead(session)
    store(session, leadership, AN_HOUR)

    assert size(session) <= 2 * PAGE
    wait_until(lambda: dead_rows(session) < 1000, "dead versions pile up")


def test_a_long_transaction_makes_versions_wait_and_nothing_grows_after_it(session, database_url):
    leadership = lead(session)
    with psycopg.connect(database_url) as old:
        old.execute("SET TRANSACTION ISOLATION LEVEL REPEATABLE READ")
        old.execute("SELECT count(*) FROM streaming_relay")
        store(session, leadership, 60 * 4)
        of_a_minute = size(session)
        assert of_a_minute <= 240 * PAGE // 30

    store(session, leadership, AN_HOUR // 2)
    assert size(session) <= of_a_minute + PAGE


def test_the_row_and_the_offsets_are_vacuumed_by_the_number_of_their_changes(session):
    found = session.execute(
        "SELECT relname FROM pg_class WHERE 'autovacuum_vacuum_scale_factor=0' = ANY (reloptions)"
    ).fetchall()
    assert {"streaming_offset", "streaming_relay"} <= {name for (name,) in found}


def lead(session: psycopg.Connection[TupleRow]) -> Leadership:
    leadership = lease.take(session, name=NAME, owner="tests")
    assert leadership is not None
    return leadership


def store(session: psycopg.Connection[TupleRow], leadership: Leadership, times: int) -> None:
    """Store as a leader does, without the pauses between."""
    session.execute("SET synchronous_commit = off")
    for n in range(times):
        lease.store(session, leadership, Position(snap=f"{n + 10}:{n + 10}:", last_id=n))


def size(session: psycopg.Connection[TupleRow]) -> int:
    row = session.execute("SELECT pg_relation_size('streaming_relay')").fetchone()
    assert row is not None
    return int(row[0])


def dead_rows(session: psycopg.Connection[TupleRow]) -> int:
    row = session.execute("SELECT n_dead_tup FROM pg_stat_user_tables WHERE relname = 'streaming_relay'").fetchone()
    assert row is not None
    return int(row[0])
