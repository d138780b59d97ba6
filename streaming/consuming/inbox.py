"""What a consumer has seen: by event id, and for those who want only news, by version."""

from collections.abc import Sequence
from typing import Any
from uuid import UUID

from django.db import connection

from streaming.consuming.records import Received


def enter(consumer: str, event_ids: Sequence[UUID]) -> set[UUID]:
    """Enter events into the consumer's inbox and return those that were not in it."""
    if not event_ids:
        return set()
    with connection.cursor() as cursor:
        cursor.execute(_ENTER, [consumer, list(event_ids)])
        return {event_id for (event_id,) in cursor.fetchall()}


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
