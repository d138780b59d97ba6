"""What a consumer has seen: by event id, and for those who want only news, by version."""

from collections.abc import Sequence
from typing import Any
from uuid import UUID

from django.db import connection

from streaming import tallies
from streaming.consuming.records import Received


def enter(consumer: str, event_ids: Sequence[str]) -> Sequence[int]:
    """Enter events into the consumer's inbox; return the places in the sequence of those that were not in it."""
    if not event_ids:
        return ()
    with connection.cursor() as cursor:
        cursor.execute(_ENTER, [consumer, _as_array(event_ids)])
        if cursor.rowcount == len(event_ids):  # hardly ever was one there already: then nothing has to be read.
            return range(len(event_ids))
        new = {event_id for (event_id,) in cursor.fetchall()}
    tallies.DUPLICATES.add(len(event_ids) - len(new), consumer.partition("#")[0])
    return _first_places(event_ids, new)


def newest_only(consumer: str, batch: Sequence[Received[Any]]) -> list[Received[Any]]:
    """Return, of each aggregate, the newest event, and only if it is newer than all that were applied before."""
    newest: dict[tuple[str, str], Received[Any]] = {}
    for received in batch:
        aggregate = (received.aggregate_type, received.aggregate_id)
        if aggregate not in newest or newest[aggregate].version < received.version:
            newest[aggregate] = received
    aggregates = sorted(newest)
    with connection.cursor() as cursor:
        cursor.execute(
            _ADVANCE,
            [
                consumer,
                [kind for kind, _ in aggregates],
                [aggregate_id for _, aggregate_id in aggregates],
                [newest[aggregate].version for aggregate in aggregates],
            ],
        )
        advanced = set(cursor.fetchall())
    return [received for aggregate, received in newest.items() if aggregate in advanced]


def _first_places(event_ids: Sequence[str], new: set[UUID]) -> Sequence[int]:
    """Return where each new event stands; of several copies in one batch the first counts."""
    places = []
    for place, event_id in enumerate(map(UUID, event_ids)):
        if event_id in new:
            new.discard(event_id)
            places.append(place)
    return places


def _as_array(event_ids: Sequence[str]) -> str:
    """Return UUIDs as PostgreSQL writes an array; psycopg would need a microsecond for each."""
    return "{" + ",".join(event_ids) + "}"


_ENTER = """
INSERT INTO streaming_inbox (consumer, event_id) SELECT %s, unnest(%s::uuid[]) ON CONFLICT DO NOTHING
RETURNING event_id
"""

_ADVANCE = """
INSERT INTO streaming_applied AS a (consumer, aggregate_type, aggregate_id, version)
SELECT %s, * FROM unnest(%s::text[], %s::text[], %s::bigint[])
ON CONFLICT (consumer, aggregate_type, aggregate_id) DO UPDATE SET version = excluded.version
    WHERE a.version < excluded.version
RETURNING aggregate_type, aggregate_id
"""
