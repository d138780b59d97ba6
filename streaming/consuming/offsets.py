"""A group's own offsets: kept in PostgreSQL, with the effects; an epoch fences off former owners of a partition."""

import logging
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import TypeAlias

from django.db import connection

logger = logging.getLogger(__name__)

Partition: TypeAlias = tuple[str, int]
"""Topic without prefix, and number."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Stand:
    """Where a group stands in a partition, under which epoch, and whether it gave the partition up."""

    next_offset: int
    epoch: int
    is_stopped: bool


@dataclass(frozen=True, slots=True, kw_only=True)
class GroupStand:
    """Where a group stands in all partitions that it ever had, and whether people paused it."""

    is_paused: bool
    partitions: Mapping[Partition, Stand]


def look(group: str) -> GroupStand:
    """Return where a group stands, and what people want of it; locks nothing."""
    with connection.cursor() as cursor:
        cursor.execute(_LOOK, {"group": group})
        rows = cursor.fetchall()
    return GroupStand(
        is_paused=any(is_paused for is_paused, *_ in rows),
        partitions={
            (topic, number): Stand(next_offset=next_offset, epoch=epoch, is_stopped=is_stopped)
            for _, topic, number, next_offset, epoch, is_stopped in rows
            if topic is not None
        },
    )


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
    """
    Lock the partitions' rows, in one order, and return where each stands and under which epoch.

    One that the group gave up on is not among them.
    """
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


def stop(group: str, partition: Partition, *, epoch: int, reason: str) -> None:
    """Give a partition up until people let it go on; nothing happens if somebody else took it over."""
    topic, number = partition
    with connection.cursor() as cursor:
        cursor.execute(_STOP, [reason, group, topic, number, epoch])
        if cursor.rowcount:
            logger.critical("%s stops at %s/%s: %s", group, topic, number, reason)


def _columns(partitions: Sequence[Partition]) -> tuple[list[str], list[int]]:
    return [topic for topic, _ in partitions], [number for _, number in partitions]


_LOOK = """
SELECT COALESCE(g.paused_at IS NOT NULL, false), o.topic, o.partition, o.next_offset, o.epoch, o.stopped_at IS NOT NULL
FROM (SELECT paused_at FROM streaming_group WHERE "group" = %(group)s) AS g
FULL JOIN (SELECT * FROM streaming_offset WHERE "group" = %(group)s) AS o ON true
"""

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
WHERE "group" = %(group)s AND stopped_at IS NULL
ORDER BY topic, partition FOR UPDATE OF streaming_offset
"""

_STORE = """
UPDATE streaming_offset AS o SET next_offset = given.next_offset
FROM unnest(%(topics)s::text[], %(numbers)s::int[], %(next_offsets)s::bigint[])
    AS given(topic, partition, next_offset)
WHERE o."group" = %(group)s AND o.topic = given.topic AND o.partition = given.partition
"""

_STOP = """
UPDATE streaming_offset SET stopped_at = clock_timestamp(), stop_reason = %s
WHERE "group" = %s AND topic = %s AND partition = %s AND epoch = %s AND stopped_at IS NULL
"""
