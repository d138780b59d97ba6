"""Records that cannot be applied: set aside with their key, so that all others flow and the key's order survives."""

import logging
from collections.abc import Collection, Sequence
from dataclasses import dataclass
from uuid import UUID

import orjson
from django.db import connection
from django.db.backends.utils import CursorWrapper

from streaming.consuming.records import RawRecord
from streaming.envelope import storable
from streaming.models import DeadLetter, ParkedKey

logger = logging.getLogger(__name__)


@dataclass(frozen=True, slots=True, kw_only=True)
class Letter:
    """A record and why it was set aside."""

    record: RawRecord
    event_id: UUID | None
    error: str
    attempts: int
    state: str
    parks_key: bool


def parked_keys(group: str, records: Sequence[RawRecord]) -> Collection[tuple[str, str]]:
    """Return which of the records' topics and keys are parked."""
    pairs = sorted({(record.topic, record.key) for record in records if record.key is not None})
    with connection.cursor() as cursor:
        cursor.execute(_PARKED, [[topic for topic, _ in pairs], [key for _, key in pairs], group])
        return {(topic, key) for topic, key in cursor.fetchall()}


def write(group: str, letters: Sequence[Letter]) -> None:
    """Store dead letters, and park the keys whose later records must wait."""
    with connection.cursor() as cursor:
        for letter in letters:
            _write(cursor, group, letter)


def _write(cursor: CursorWrapper, group: str, letter: Letter) -> None:
    record = letter.record
    cursor.execute(
        _LETTER,
        [
            group,
            record.topic,
            record.partition,
            record.offset,
            record.key,
            letter.event_id,
            orjson.dumps({storable(name): storable(value) for name, value in record.headers.items()}).decode(),
            record.value,
            storable(letter.error),
            letter.attempts,
            letter.state,
        ],
    )
    if letter.state == DeadLetter.State.POISON:
        if letter.parks_key and record.key is not None:
            cursor.execute(_PARK, [group, record.topic, record.key, ParkedKey.Cause.POISON])
        # Place and reason only: what the record holds may be personal.
        logger.error(
            "dead letter of %s: %s/%s@%s: %s", group, record.topic, record.partition, record.offset, letter.error
        )


_PARKED = """
SELECT topic, key FROM streaming_parked_key JOIN unnest(%s::text[], %s::text[]) AS given(topic, key) USING (topic, key)
WHERE "group" = %s
"""

_LETTER = """
INSERT INTO streaming_dead_letter
    ("group", topic, partition, "offset", key, event_id, headers, raw, error, attempts, state)
VALUES (%s, %s, %s, %s, %s, %s, %s::jsonb, %s, %s, %s, %s)
ON CONFLICT ("group", topic, partition, "offset") DO NOTHING
"""

_PARK = """
INSERT INTO streaming_parked_key ("group", topic, key, cause) VALUES (%s, %s, %s, %s) ON CONFLICT DO NOTHING
"""
