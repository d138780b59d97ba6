"""Records that cannot be applied: set aside with their key, so that all others flow and the key's order survives."""

import logging
from collections.abc import Sequence
from dataclasses import dataclass
from uuid import UUID

import orjson
from django.db import connection

from streaming.consuming.records import RawRecord, Reject, VersionMissing
from streaming.envelope import storable
from streaming.errors import InvalidEvent, UnknownEventType
from streaming.models import DeadLetter, ParkedKey

logger = logging.getLogger(__name__)


@dataclass(frozen=True, slots=True, kw_only=True)
class Letter:
    """A record and why it was set aside; ``cause`` is why its key waits, if it is this letter that parks it."""

    record: RawRecord
    event_id: UUID | None
    error: str
    attempts: int
    state: str
    parks_key: bool
    cause: str = ParkedKey.Cause.POISON


def write(group: str, letters: Sequence[Letter]) -> None:
    """Store dead letters in the given order, and park the keys whose later records must wait."""
    if not letters:
        return
    parked = [letter for letter in letters if _parks(letter)]
    with connection.cursor() as cursor:
        cursor.execute(_WRITE, [group, *_columns(letters)])
        if parked:
            keys = [letter.record.key for letter in parked]
            topics = [letter.record.topic for letter in parked]
            cursor.execute(_PARK, [group, topics, keys, [letter.cause for letter in parked]])
    for letter in letters:
        if letter.state == DeadLetter.State.POISON:
            # Place and reason only: what the record holds may be personal.
            place = f"{letter.record.topic}/{letter.record.partition}@{letter.record.offset}"
            logger.error("dead letter of %s: %s: %s", group, place, letter.error)


def record_in(letter: DeadLetter) -> RawRecord:
    """Return the record that a letter holds, as the broker had it."""
    return RawRecord(
        topic=letter.topic,
        partition=letter.partition,
        offset=letter.offset,
        key=letter.key,
        value=bytes(letter.raw),
        headers=letter.headers,
        timestamp=letter.timestamp,
    )


def reason_of(error: Exception) -> str:
    """Say what is wrong without repeating what the record holds: only our own refusals are written in full."""
    if isinstance(error, Reject | VersionMissing | InvalidEvent | UnknownEventType):
        return f"{type(error).__name__}: {error}"
    return type(error).__name__


def _parks(letter: Letter) -> bool:
    is_first = letter.state == DeadLetter.State.POISON or letter.cause == ParkedKey.Cause.GAP
    return is_first and letter.parks_key and letter.record.key is not None


def _columns(letters: Sequence[Letter]) -> tuple[list[object], ...]:
    records = [letter.record for letter in letters]
    return (
        [record.topic for record in records],
        [record.partition for record in records],
        [record.offset for record in records],
        [record.key for record in records],
        [letter.event_id for letter in letters],
        [_headers(record) for record in records],
        [record.value for record in records],
        [record.timestamp for record in records],
        [storable(letter.error) for letter in letters],
        [letter.attempts for letter in letters],
        [letter.state for letter in letters],
    )


def _headers(record: RawRecord) -> str:
    return orjson.dumps({storable(name): storable(value) for name, value in record.headers.items()}).decode()


# A record that failed before, was settled and came again (its group was moved back) is a new letter in the old place.
_WRITE = """
INSERT INTO streaming_dead_letter AS l
    ("group", topic, partition, "offset", key, event_id, headers, raw, "timestamp", error, attempts, state)
SELECT %s, topic, partition, "offset", key, event_id, headers::jsonb, raw, at, error, attempts, state
FROM unnest(%s::text[], %s::int[], %s::bigint[], %s::text[], %s::uuid[], %s::text[], %s::bytea[], %s::timestamptz[],
    %s::text[], %s::smallint[], %s::text[])
    WITH ORDINALITY AS given(topic, partition, "offset", key, event_id, headers, raw, at, error, attempts, state, n)
ORDER BY n
ON CONFLICT ("group", topic, partition, "offset") DO UPDATE SET
    key = excluded.key, event_id = excluded.event_id, headers = excluded.headers, raw = excluded.raw,
    "timestamp" = excluded."timestamp", error = excluded.error, attempts = excluded.attempts, state = excluded.state,
    created_at = clock_timestamp(), resolved_by = NULL, resolved_at = NULL, reason = NULL
    WHERE l.state IN ('redriven', 'discarded')
"""

_PARK = """
INSERT INTO streaming_parked_key ("group", topic, key, cause)
SELECT %s, * FROM unnest(%s::text[], %s::text[], %s::text[]) ON CONFLICT DO NOTHING
"""
