"""A group's own offsets: kept in PostgreSQL, with the effects; an epoch fences off former owners of a partition."""

from collections.abc import Iterable, Mapping, Sequence
from typing import TypeAlias

from django.db import connection

Partition: TypeAlias = tuple[str, int]
"""Topic without prefix, and number."""


def claim(group: str, partitions: Sequence[Partition]) -> dict[Partition, tuple[int, int]]:
    """
    Take over partitions: return where to read on, and the epoch under which this may be done from now on.

    The offset 0 stands for the earliest that the topic still holds: a new group begins there.
    """
    if not partitions:
        return {}
    topics, numbers = _columns(sorted(partitions))
    with connection.cursor() as cursor:
        cursor.execute(_CLAIM, {"group": group, "topics": topics, "numbers": numbers})
        return {(topic, number): (next_offset, epoch) for topic, number, next_offset, epoch in cursor.fetchall()}


def lock(group: str, partitions: Iterable[Partition]) -> dict[Partition, tuple[int, int]]:
    """Lock the partitions' rows, in one order, and return where each stands and under which epoch."""
    topics, numbers = _columns(sorted(partitions))
    with connection.cursor() as cursor:
        cursor.execute(_LOCK, {"group": group, "topics": topics, "numbers": numbers})
        return {(topic, number): (next_offset, epoch) for topic, number, next_offset, epoch in cursor.fetchall()}


def store(group: str, next_offsets: Mapping[Partition, int]) -> None:
    """Store where to read on; the rows are locked already."""
    partitions = sorted(next_offsets)
    topics, numbers = _columns(partitions)
    with connection.cursor() as cursor:
        cursor.execute(
            _STORE,
            {
                "group": group,
                "topics": topics,
                "numbers": numbers,
                "next_offsets": [next_offsets[partition] for partition in partitions],
            },
        )


def _columns(partitions: Sequence[Partition]) -> tuple[list[str], list[int]]:
    return [topic for topic, _ in partitions], [number for _, number in partitions]


_CLAIM = """
INSERT INTO streaming_offset AS o ("group", topic, partition, next_offset, epoch)
SELECT %(group)s, topic, number, 0, 1 FROM unnest(%(topics)s::text[], %(numbers)s::int[]) AS given(topic, number)
ON CONFLICT ("group", topic, partition) DO UPDATE SET epoch = o.epoch + 1
RETURNING topic, partition, next_offset, epoch
"""

_LOCK = """
SELECT topic, partition, next_offset, epoch
FROM streaming_offset JOIN unnest(%(topics)s::text[], %(numbers)s::int[]) AS given(topic, partition)
    USING (topic, partition)
WHERE "group" = %(group)s
ORDER BY topic, partition FOR UPDATE OF streaming_offset
"""

_STORE = """
UPDATE streaming_offset AS o SET next_offset = given.next_offset
FROM unnest(%(topics)s::text[], %(numbers)s::int[], %(next_offsets)s::bigint[])
    AS given(topic, partition, next_offset)
WHERE o."group" = %(group)s AND o.topic = given.topic AND o.partition = given.partition
"""
