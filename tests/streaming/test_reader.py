"""
The sequence-gap trap: ids are drawn in one order and commit in another.

Adversarial writers, the reader that the relay uses, and three readers that look right and are not: they must fail,
or this test would not notice a broken relay either.
"""

import random
import threading
import time
from collections import defaultdict
from collections.abc import Callable, Iterable
from uuid import uuid5

import psycopg
import pytest
from django.db import connection, transaction
from psycopg.rows import TupleRow

from kernel.identifiers import INSTITUTIONS
from streaming import outbox
from streaming.database import connect
from streaming.relaying.ranges import ShardRange, ranges
from streaming.relaying.reader import LogReader, Position
from tests.support.builders.streaming import a_thing_moved

WRITERS = 8
THINGS = [uuid5(INSTITUTIONS, f"thing {n}") for n in range(12)]
WRITING_S = 5.0

Seen = tuple[int, str, int]
"""Id, aggregate, version."""


def write_adversarially(seed: int, until: float, ready: threading.Barrier) -> None:
    """Draw the transaction id early or late, hold locks for random times, undo one in twenty."""
    chance = random.Random(seed)
    ready.wait()
    while time.monotonic() < until:
        with transaction.atomic(), connection.cursor() as cursor:
            if chance.random() < 0.6:
                cursor.execute("SELECT pg_current_xact_id()")
                cursor.execute("SELECT pg_sleep(%s)", [chance.random() * 0.01])
            outbox.record(a_thing_moved(chance.choice(THINGS)))
            cursor.execute("SELECT pg_sleep(%s)", [chance.random() ** 3 * 0.02])
            transaction.set_rollback(chance.random() < 0.05)
    connection.close()


class Reader(threading.Thread):
    """Polls the log while it is written, and once more after that."""

    def __init__(self, next_rows: Callable[[psycopg.Connection[TupleRow]], Callable[[], Iterable[Seen]]]) -> None:
        super().__init__(daemon=True)
        self._next_rows = next_rows
        self.is_ready = threading.Event()
        self.is_writing_over = threading.Event()
        self.seen: list[Seen] = []

    def run(self) -> None:
        with connect() as session:
            poll = self._next_rows(session)
            self.is_ready.set()  # what is written before that is not this reader's.
            while not self.is_writing_over.wait(0.002):
                self.seen += poll()
            while rows := list(poll()):
                self.seen += rows


def snapshot_difference(session: psycopg.Connection[TupleRow]) -> Callable[[], Iterable[Seen]]:
    """The relay's own, with chunks so small that windows take several."""
    reader = LogReader(session, ranges()[0], Position(snap=_now(session)), chunk=7)

    def poll() -> Iterable[Seen]:
        rows: list[Seen] = []
        while True:
            chunk = reader.next_chunk()
            rows += [(row.id, row.aggregate_id, int(row.version)) for row in chunk.rows]
            if chunk.position.window_snap is None:
                return rows

    return poll


def after_the_last_id(session: psycopg.Connection[TupleRow]) -> Callable[[], Iterable[Seen]]:
    """Wrong: the tutorial's. Loses what commits late."""
    last = [0]

    def poll() -> list[Seen]:
        rows = _select(session, "id > %s ORDER BY id", [last[0]])
        last[0] = rows[-1][0] if rows else last[0]
        return rows

    return poll


def below_the_oldest_transaction(session: psycopg.Connection[TupleRow]) -> Callable[[], Iterable[Seen]]:
    """Wrong: loses nothing, but transaction ids are no order of versions."""
    last = [(0, 0)]

    def poll() -> list[Seen]:
        found = session.execute(
            "SELECT txid::text::bigint, id, aggregate_id, version FROM streaming_event"
            " WHERE txid < pg_snapshot_xmin(pg_current_snapshot()) AND (txid::text::bigint, id) > (%s, %s)"
            " ORDER BY 1, 2",
            last[0],
        ).fetchall()
        last[0] = found[-1][:2] if found else last[0]
        return [row[1:] for row in found]

    return poll


def between_two_oldest_transactions(session: psycopg.Connection[TupleRow]) -> Callable[[], Iterable[Seen]]:
    """Wrong: by id, but a window of transaction ids may hold a later version and not the earlier one."""
    lower = [_xmin(session)]

    def poll() -> list[Seen]:
        upper = _xmin(session)
        rows = _select(
            session, "txid >= %s::text::xid8 AND txid < %s::text::xid8 ORDER BY id", [str(lower[0]), str(upper)]
        )
        lower[0] = upper
        return rows

    return poll


@pytest.mark.django_db(transaction=True)
def test_only_the_difference_of_snapshots_loses_nothing_and_keeps_the_order():
    makers = (snapshot_difference, after_the_last_id, below_the_oldest_transaction, between_two_oldest_transactions)
    readers = {make: Reader(make) for make in makers}
    for reader in readers.values():
        reader.start()
    assert all(reader.is_ready.wait(30) for reader in readers.values())
    ready = threading.Barrier(WRITERS)
    until = time.monotonic() + WRITING_S
    writers = [threading.Thread(target=write_adversarially, args=(seed, until, ready)) for seed in range(WRITERS)]
    for writer in writers:
        writer.start()
    for thread in writers:
        thread.join()
    for reader in readers.values():
        reader.is_writing_over.set()
        reader.join()

    with connection.cursor() as cursor:
        cursor.execute("SELECT id FROM streaming_event")
        committed = {id_ for (id_,) in cursor.fetchall()}
    assert len(committed) > 500
    right = readers[snapshot_difference].seen
    assert (lost(right, committed), disorder(right), len(right)) == (0, 0, len(committed))
    assert lost(readers[after_the_last_id].seen, committed) > 0
    assert disorder(readers[below_the_oldest_transaction].seen) > 0
    assert disorder(readers[between_two_oldest_transactions].seen) > 0


@pytest.mark.django_db(transaction=True)
def test_a_reader_goes_on_inside_a_window_from_where_another_one_stopped():
    with transaction.atomic():
        outbox.record_many([a_thing_moved(THINGS[n % 5]) for n in range(20)])
    with connect() as session:
        start = Position(snap=_before_all(session))
        first = LogReader(session, ranges()[0], start, chunk=8).next_chunk()
        with transaction.atomic():
            outbox.record(a_thing_moved(THINGS[0]))
        successor = LogReader(session, ranges()[0], first.position, chunk=8)
        chunks = [successor.next_chunk() for _ in range(3)]

    assert [len(chunk.rows) for chunk in (first, *chunks)] == [8, 8, 4, 1]


@pytest.mark.django_db(transaction=True)
def test_a_range_reads_its_own_shards_only():
    with transaction.atomic():
        outbox.record_many([a_thing_moved() for _ in range(64)])
    with connect() as session:
        start = Position(snap=_before_all(session))
        halves = [LogReader(session, ShardRange(low=low, high=low + 31), start).next_chunk().rows for low in (0, 32)]

    assert all(halves)
    assert len(halves[0]) + len(halves[1]) == 64


def lost(seen: Iterable[Seen], committed: set[int]) -> int:
    """Count committed events that a reader never saw."""
    return len(committed - {id_ for id_, _, _ in seen})


def disorder(seen: Iterable[Seen]) -> int:
    """Count events that came after a later version of the same thing."""
    highest: dict[str, int] = defaultdict(int)
    count = 0
    for _, thing, version in seen:
        count += version < highest[thing]
        highest[thing] = max(highest[thing], version)
    return count


def _select(session: psycopg.Connection[TupleRow], where: str, values: list[object]) -> list[Seen]:
    return session.execute(
        f"SELECT id, aggregate_id, version FROM streaming_event WHERE {where}",
        values,
    ).fetchall()


def _now(session: psycopg.Connection[TupleRow]) -> str:
    row = session.execute("SELECT pg_current_snapshot()::text").fetchone()
    assert row is not None
    return str(row[0])


def _xmin(session: psycopg.Connection[TupleRow]) -> int:
    return int(_now(session).partition(":")[0])


def _before_all(session: psycopg.Connection[TupleRow]) -> str:
    """Return a snapshot that sees nothing of the log."""
    row = session.execute("SELECT coalesce(min(txid::text::bigint), 3) FROM streaming_event").fetchone()
    assert row is not None
    return f"{row[0]}:{row[0]}:"
