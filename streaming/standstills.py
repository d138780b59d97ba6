"""What stands still on the consumers' side: stopped partitions, paused groups, parked keys."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

from django.db import connection


@dataclass(frozen=True, slots=True, kw_only=True)
class StoppedPartition:
    """A partition that a group gave up on, until people let it go on."""

    group: str
    topic: str
    partition: int
    since: datetime
    reason: str


@dataclass(frozen=True, slots=True, kw_only=True)
class PausedGroup:
    """A group that people paused."""

    group: str
    since: datetime
    reason: str


@dataclass(frozen=True, slots=True, kw_only=True)
class ParkedKeys:
    """How many keys of a group wait for one cause (``poison`` or ``gap``), and since when the first of them does."""

    group: str
    cause: str
    count: int
    since: datetime


def list_stopped_partitions() -> Sequence[StoppedPartition]:
    """Return the partitions that some group reads no further."""
    with connection.cursor() as cursor:
        cursor.execute(_STOPPED)
        return [
            StoppedPartition(group=group, topic=topic, partition=partition, since=since, reason=reason or "")
            for group, topic, partition, since, reason in cursor.fetchall()
        ]


def list_paused_groups() -> Sequence[PausedGroup]:
    """Return the groups that apply nothing until somebody resumes them."""
    with connection.cursor() as cursor:
        cursor.execute(_PAUSED)
        return [
            PausedGroup(group=group, since=since, reason=reason or "") for group, since, reason in cursor.fetchall()
        ]


def list_parked_keys() -> Sequence[ParkedKeys]:
    """Return how many keys wait, by group and cause."""
    with connection.cursor() as cursor:
        cursor.execute(_PARKED)
        return [
            ParkedKeys(group=group, cause=cause, count=count, since=since)
            for group, cause, count, since in cursor.fetchall()
        ]


_STOPPED = """
SELECT "group", topic, partition, stopped_at, stop_reason FROM streaming_offset WHERE stopped_at IS NOT NULL
ORDER BY 1, 2, 3
"""

_PAUSED = 'SELECT "group", paused_at, reason FROM streaming_group WHERE paused_at IS NOT NULL ORDER BY 1'

_PARKED = 'SELECT "group", cause, count(*), min(since) FROM streaming_parked_key GROUP BY 1, 2 ORDER BY 1, 2'
