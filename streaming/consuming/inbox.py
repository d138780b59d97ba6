"""What a consumer has seen: by event id, and for those who want only news, by version."""

from collections.abc import Sequence
from typing import Any

from django.db import connection

from streaming import tallies
from streaming.consuming.records import Received


def enter(consumer: str, event_ids: Sequence[str]) -> Sequence[int]:
    """Enter events into the consumer's inbox; return the places in the sequence of those that were not in it."""
    if not event_ids:
        return ()
    with connection.cursor() as cursor:
        cursor.execute(_ENTER, [_as_array(event_ids), consumer])
        new = cursor.fetchone()[0]
    if new is None:  # hardly ever was one there already: what is as usual needs no list.
        return range(len(event_ids))
    tallies.DUPLICATES.add(len(event_ids) - len(new), consumer.partition("#")[0])
    return [place - 1 for place in new]


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


def _as_array(event_ids: Sequence[str]) -> str:
    """Return UUIDs as PostgreSQL writes an array; psycopg would need a microsecond for each."""
    return "{" + ",".join(event_ids) + "}"


# Of several copies in one batch the first counts.
_ENTER = """
WITH given AS MATERIALIZED (
    SELECT event_id, place FROM unnest(%s::uuid[]) WITH ORDINALITY AS g(event_id, place)),
entered AS (
    INSERT INTO streaming_inbox (consumer, event_id) SELECT %s, event_id FROM given
    ON CONFLICT DO NOTHING RETURNING event_id)
SELECT CASE WHEN (SELECT count(*) FROM entered) < (SELECT count(*) FROM given)
    THEN ARRAY(SELECT min(place) FROM given JOIN entered USING (event_id) GROUP BY event_id ORDER BY 1) END
"""

_ADVANCE = """
INSERT INTO streaming_applied AS a (consumer, aggregate_type, aggregate_id, version)
SELECT %s, * FROM unnest(%s::text[], %s::text[], %s::bigint[])
ON CONFLICT (consumer, aggregate_type, aggregate_id) DO UPDATE SET version = excluded.version
    WHERE a.version < excluded.version
RETURNING aggregate_type, aggregate_id
"""
