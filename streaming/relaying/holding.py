"""
The events of broken topics: they wait here, in the order of their ids, while the other topics flow.

A topic is held from the first of its events that could not be sent: all later ones join it until it is drained, or
the order would break.
"""

from collections.abc import Mapping, Sequence
from typing import NamedTuple

import psycopg
from psycopg.rows import TupleRow, args_row

from streaming.envelope import LOG_ROW_SQL, LogRow
from streaming.relaying.earlier_forms import form_on
from streaming.relaying.ranges import ShardRange


class HeldEvent(NamedTuple):
    """An event that could not be sent to a topic, and why."""

    event_id: str
    topic: str
    error: str


def hold(connection: psycopg.Connection[TupleRow], events: Sequence[HeldEvent]) -> None:
    """Keep events for later; in the transaction that moves the cursor over them."""
    if events:
        event_ids, topics, errors = zip(*events, strict=True)
        connection.execute(_HOLD, [list(event_ids), list(topics), list(errors)])


def let_go(connection: psycopg.Connection[TupleRow], topic: str, ids: Sequence[int]) -> None:
    """Forget events of a topic, as they have arrived."""
    connection.execute("DELETE FROM streaming_held WHERE topic = %s AND id = ANY (%s)", [topic, list(ids)])


def held_topics(connection: psycopg.Connection[TupleRow], shards: ShardRange) -> Mapping[str, str]:
    """Return the topics of which a range holds events, each with what was wrong with the first."""
    return dict(connection.execute(_TOPICS, [shards.low, shards.high]).fetchall())


def read_held(
    connection: psycopg.Connection[TupleRow], shards: ShardRange, topic: str, *, limit: int
) -> Sequence[LogRow]:
    """Return the first events that a topic holds, in the order of their ids."""
    with connection.cursor(binary=True, row_factory=args_row(LogRow)) as cursor:
        cursor.execute(_READ, [topic, shards.low, shards.high, limit])
        return [form_on(row, topic) for row in cursor.fetchall()]


_HOLD = """
INSERT INTO streaming_held (topic, id, shard, error)
SELECT failed.topic, id, shard, failed.error
FROM unnest(%s::uuid[], %s::text[], %s::text[]) AS failed(event_id, topic, error) JOIN streaming_event USING (event_id)
ON CONFLICT DO NOTHING
"""

_TOPICS = """
SELECT DISTINCT ON (topic) topic, error FROM streaming_held WHERE shard BETWEEN %s AND %s ORDER BY topic, id
"""

_READ = f"""
SELECT {LOG_ROW_SQL} FROM streaming_event
WHERE id IN (SELECT id FROM streaming_held WHERE topic = %s AND shard BETWEEN %s AND %s ORDER BY id LIMIT %s)
ORDER BY id
"""
