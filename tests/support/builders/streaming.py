"""Events of no room's business, for tests of the streams themselves."""

from dataclasses import dataclass, replace
from datetime import UTC, datetime
from typing import Any
from uuid import UUID, uuid4

from streaming import topics
from streaming.events import Event

topics.declare("tests.things.v1", partitions=3, retention_days=1, owner="tests")
topics.declare("tests.raw.v1", partitions=1, retention_days=1, owner="tests")

LONG_AGO = datetime(2026, 11, 1, 9, 0, tzinfo=UTC)


@dataclass(frozen=True, slots=True, kw_only=True)
class ThingMoved(Event):
    """A thing took a step."""

    name = "tests.thing.moved"
    aggregate_type = "thing"
    subject = "thing_id"
    topic = "tests.things.v1"
    personal = frozenset({"whose"})
    example = {"step": 1, "whose": "Ada Norris"}

    thing_id: UUID
    step: int
    whose: str | None
    consent_id: UUID | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class ThingStopped(Event):
    """A thing came to rest."""

    name = "tests.thing.stopped"
    aggregate_type = "thing"
    subject = "thing_id"
    topic = "tests.things.v1"

    thing_id: UUID


def a_thing_moved(thing_id: UUID | None = None, **changes: Any) -> ThingMoved:
    """Return a first step of a thing that nobody knows yet."""
    event = ThingMoved(occurred_at=LONG_AGO, thing_id=thing_id or uuid4(), step=1, whose="Ada Norris")
    return replace(event, **changes)


def a_thing_stopped(thing_id: UUID | None = None) -> ThingStopped:
    """Return the end of a thing's way."""
    return ThingStopped(occurred_at=LONG_AGO, thing_id=thing_id or uuid4())
