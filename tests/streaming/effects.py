"""Groups that note in a table what they were given, so that tests see what was really applied."""

from collections.abc import Sequence
from typing import Any
from uuid import UUID

from django.db import connection

from streaming import outbox
from streaming.consumers import RawRecord, Received, Reject, handles, handles_raw
from tests.support.builders.streaming import ThingMoved, ThingStopped, a_thing_stopped

TABLE = """
CREATE TABLE IF NOT EXISTS tests_effect (
    n bigint GENERATED ALWAYS AS IDENTITY, consumer text, event_id uuid, thing_id uuid, version bigint, note text)
"""

# Below zero: other tests count their steps up, and leave them on the topic.
REJECTED_STEP = -1
BROKEN_STEP = -2
ORPHANED_STEP = -3
DISLIKED_STEP = -4
GARBAGE = b"garbage"
SAID_TO_ECHO = "echo"


@handles(ThingMoved, group="tests.effects")
def apply_moves(batch: Sequence[Received[ThingMoved]]) -> None:
    """Note each move; some are refused, some break the handler."""
    for received in batch:
        if received.event.step == REJECTED_STEP:
            raise Reject("no such step")
        if received.event.step == BROKEN_STEP:
            raise ValueError(received.event.whose)
    _note("moves", batch)


@handles(ThingStopped, group="tests.effects")
def apply_stops(batch: Sequence[Received[ThingStopped]]) -> None:
    """Note each stop."""
    _note("stops", batch)


@handles(ThingMoved, group="tests.newest", order="newest")
def apply_newest(batch: Sequence[Received[ThingMoved]]) -> None:
    """Note what is news."""
    _note("newest", batch)


@handles(ThingMoved, group="tests.every", order="every")
def apply_every(batch: Sequence[Received[ThingMoved]]) -> None:
    """Note each move, as one that counts on those before it."""
    for received in batch:
        if received.event.step == REJECTED_STEP:
            raise Reject("no such step")
    _note("every", batch)


@handles(ThingMoved, group="tests.late")
def apply_with_late_constraints(batch: Sequence[Received[ThingMoved]]) -> None:
    """Note each move; some point to what there is not, which Django's foreign keys notice at the end only."""
    with connection.cursor() as cursor:
        for received in batch:
            if received.event.step == ORPHANED_STEP:
                cursor.execute("INSERT INTO auth_group_permissions (group_id, permission_id) VALUES (-1, -1)")
    _note("late", batch)


@handles(ThingMoved, group="tests.picky")
def apply_what_pleases(batch: Sequence[Received[ThingMoved]]) -> None:
    """Note each move; refuse what only this group dislikes, so that it may lie on the topic of all."""
    if any(received.event.step == DISLIKED_STEP for received in batch):
        raise Reject("no such step")
    _note("picky", batch)


def _halved(event: ThingMoved) -> int:
    if event.step == REJECTED_STEP:
        raise Reject("no half of such a step")
    return event.step // 2


@handles(ThingMoved, group="tests.prepared", prepare=_halved)
def apply_prepared(batch: Sequence[Received[ThingMoved]]) -> None:
    """Note the halves of the steps, which were made ahead."""
    with connection.cursor() as cursor:
        for received in batch:
            cursor.execute("INSERT INTO tests_effect (consumer, note) VALUES ('prepared', %s)", [received.prepared])


@handles(ThingMoved, group="tests.outputs")
def stop_what_moves(batch: Sequence[Received[ThingMoved]]) -> None:
    """Answer each move with an event."""
    outbox.record_many([a_thing_stopped(received.event.thing_id) for received in batch], causes=batch)


@handles_raw(("tests.raw.v1",), group="tests.raw")
def apply_raw(batch: Sequence[RawRecord]) -> None:
    """Note each raw record, unless it is garbage."""
    for record in batch:
        if record.value == GARBAGE:
            raise Reject("not to be understood")
    with connection.cursor() as cursor:
        for record in batch:
            cursor.execute(
                "INSERT INTO tests_effect (consumer, note) VALUES ('raw', %s)",
                [f"{record.key}:{record.value.decode()}"],
            )


def effects(consumer: str | None = None) -> list[tuple[str, UUID, int]]:
    """Return what was applied, in order: handler, thing, version."""
    with connection.cursor() as cursor:
        cursor.execute("SELECT consumer, thing_id, version FROM tests_effect ORDER BY n")
        return [row for row in cursor.fetchall() if consumer in {None, row[0]}]


def raw_effects() -> list[str]:
    """Return what raw records were applied, in order: ``key:value``."""
    return _notes("raw")


def prepared_effects() -> list[str]:
    """Return what was made of the steps that were applied, in order."""
    return _notes("prepared")


def _notes(consumer: str) -> list[str]:
    with connection.cursor() as cursor:
        cursor.execute("SELECT note FROM tests_effect WHERE consumer = %s ORDER BY n", [consumer])
        return [note for (note,) in cursor.fetchall()]


def _note(consumer: str, batch: Sequence[Received[Any]]) -> None:
    with connection.cursor() as cursor:
        cursor.execute(
            "INSERT INTO tests_effect (consumer, event_id, thing_id, version)"
            " SELECT %s, * FROM unnest(%s::uuid[], %s::uuid[], %s::bigint[])",
            [
                consumer,
                [received.event_id for received in batch],
                [received.event.thing_id for received in batch],
                [received.version for received in batch],
            ],
        )
