"""A group that keeps a view: the last step of each thing, and an event for each that is new."""

from collections.abc import Sequence
from uuid import UUID

from django.db import connection

from streaming import outbox
from streaming.consumers import RawRecord, Received, Reject, handles, handles_raw, keeps
from tests.support.builders.streaming import ThingMoved, a_thing_stopped

GROUP = "tests.steps"
UNTIDY = "tests.untidy-steps"
RAW = "tests.raw-steps"
SUMS = "tests.sums"

TABLES = """
CREATE TABLE IF NOT EXISTS tests_step (
    thing_id uuid PRIMARY KEY, step integer NOT NULL, whose text, twice integer GENERATED ALWAYS AS (step * 2) STORED);
CREATE TABLE IF NOT EXISTS tests_untidy_step (LIKE tests_step INCLUDING ALL);
CREATE TABLE IF NOT EXISTS tests_sum (thing_id uuid PRIMARY KEY, steps integer NOT NULL, moves integer NOT NULL);
CREATE TABLE IF NOT EXISTS tests_raw_step (content bytea)
"""

refused_steps: set[int] = set()
"""What the handler does not take at the moment."""

keeps("tests_step", group=GROUP)
keeps("tests_untidy_step", group=UNTIDY)
keeps("tests_raw_step", group=RAW)
keeps("tests_sum", group=SUMS)


@handles(ThingMoved, group=GROUP, order="newest")
def keep_steps(batch: Sequence[Received[ThingMoved]]) -> None:
    """Keep the last step of each thing, and tell of it."""
    for received in batch:
        if received.event.step in refused_steps:
            raise Reject("no such step")
    _keep("tests_step", batch)
    outbox.record_many([a_thing_stopped(received.event.thing_id) for received in batch], causes=batch)


@handles(ThingMoved, group=UNTIDY)
def keep_steps_and_more(batch: Sequence[Received[ThingMoved]]) -> None:
    """Keep steps, and note something elsewhere that nobody said was this group's."""
    _keep("tests_untidy_step", batch)
    with connection.cursor() as cursor:
        cursor.execute("INSERT INTO tests_effect (consumer) VALUES ('untidy')")


@handles(ThingMoved, group=SUMS, order="every")
def add_steps(batch: Sequence[Received[ThingMoved]]) -> None:
    """Add up the steps of each thing: each event is a change, so none may be missing or come twice."""
    for received in batch:
        if received.event.step in refused_steps:
            raise Reject("no such step")
    with connection.cursor() as cursor:
        for received in batch:
            cursor.execute(
                "INSERT INTO tests_sum AS s VALUES (%s, %s, 1)"
                " ON CONFLICT (thing_id) DO UPDATE SET steps = s.steps + excluded.steps, moves = s.moves + 1",
                [received.event.thing_id, received.event.step],
            )


@handles_raw(("tests.raw.v1",), group=RAW)
def keep_raw(batch: Sequence[RawRecord]) -> None:
    """Keep what came."""
    with connection.cursor() as cursor:
        cursor.executemany("INSERT INTO tests_raw_step VALUES (%s)", [[record.value] for record in batch])


def steps() -> dict[UUID, int]:
    """Return what the live view says."""
    with connection.cursor() as cursor:
        cursor.execute("SELECT thing_id, step FROM tests_step")
        return dict(cursor.fetchall())


def sums() -> dict[UUID, tuple[int, int]]:
    """Return the sum of the steps of each thing, and how many there were."""
    with connection.cursor() as cursor:
        cursor.execute("SELECT thing_id, steps, moves FROM tests_sum")
        return {thing: (total, moves) for thing, total, moves in cursor.fetchall()}


def _keep(table: str, batch: Sequence[Received[ThingMoved]]) -> None:
    with connection.cursor() as cursor:
        for received in batch:
            cursor.execute(
                f"INSERT INTO {table} (thing_id, step, whose) VALUES (%s, %s, %s)"
                " ON CONFLICT (thing_id) DO UPDATE SET step = excluded.step, whose = excluded.whose",
                [received.event.thing_id, received.event.step, received.event.whose],
            )
