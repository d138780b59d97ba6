"""For handlers that want every event of an aggregate: which version of each was applied, and which is due."""

from collections.abc import Iterable, Sequence
from typing import Any, TypeAlias

from django.db import connection

from streaming.consuming.items import Item
from streaming.consuming.records import RawRecord, Received
from streaming.consuming.registry import Group
from streaming.envelope import LOG_ROW_SQL, LogRow, aggregate_in, record_of_row
from streaming.errors import InvalidEvent
from streaming.events import event_class, is_known

Aggregate: TypeAlias = tuple[str, str]
"""Type and id."""


class Versions:
    """The last version of each aggregate that a consumer has applied, without a gap before it."""

    def __init__(self, consumer: str, items: Iterable[Item]) -> None:
        self._consumer = consumer
        self._stored: dict[Aggregate, int] = {}
        self._reached: dict[Aggregate, int] = {}
        self._load({_aggregate(item.received) for item in items if item.is_counted and item.received})

    def is_applied(self, received: Received[Any]) -> bool:
        """Say whether this version, or one after it, was applied."""
        return received.version <= self._of(_aggregate(received))

    def is_due(self, received: Received[Any]) -> bool:
        """Say whether this version is the next one."""
        return received.version == self._of(_aggregate(received)) + 1

    def next_of(self, received: Received[Any]) -> int:
        """Return the version that is due of an event's aggregate."""
        return self._of(_aggregate(received)) + 1

    def reach(self, received: Received[Any]) -> None:
        """Count an event that was applied, or is about to be; what lies before it is not waited for any more."""
        aggregate = _aggregate(received)
        self._reached[aggregate] = max(received.version, self._of(aggregate))

    def fall_back(self, received: Received[Any]) -> None:
        """Take back an event that was counted and could not be applied."""
        self._reached[_aggregate(received)] = received.version - 1

    def store(self) -> None:
        """Store what was reached."""
        moved = sorted(aggregate for aggregate, version in self._reached.items() if version != self._stored[aggregate])
        if moved:
            with connection.cursor() as cursor:
                cursor.execute(
                    _STORE, [self._consumer, *_columns(moved), [self._reached[aggregate] for aggregate in moved]]
                )

    def _of(self, aggregate: Aggregate) -> int:
        if aggregate not in self._reached:  # of a letter that came into the batch from before.
            self._load({aggregate})
        return self._reached[aggregate]

    def _load(self, aggregates: Iterable[Aggregate]) -> None:
        wanted = sorted(aggregates)
        if not wanted:
            return
        with connection.cursor() as cursor:
            cursor.execute(_LOAD, [*_columns(wanted), self._consumer])
            found = {(kind, aggregate_id): version for kind, aggregate_id, version in cursor.fetchall()}
        for aggregate in wanted:
            self._stored[aggregate] = self._reached[aggregate] = found.get(aggregate, 0)


def read_missing(consumer: str, received: Received[Any], *, since: int) -> Sequence[RawRecord]:
    """
    Return the events of the aggregate from version ``since`` to the one before this, out of the log.

    Nothing is returned unless the log has them all, and the consumer has had none: one that was set aside is not
    to be applied behind people's backs. For topics that no longer hold what is read for the first time.
    """
    with connection.cursor() as cursor:
        cursor.execute(_MISSING, [received.aggregate_type, received.aggregate_id, since, received.version - 1])
        rows = [LogRow(*row) for row in cursor.fetchall()]
        if len(rows) != received.version - since:
            return ()
        cursor.execute(_SEEN, [consumer, [row.event_id for row in rows]])
        if cursor.fetchone() is not None:
            return ()
    return [record_of_row(row) for row in rows]


def pass_over(group: Group, record: RawRecord) -> None:
    """Count the version of an unreadable record, if by its headers it is the one that is due of what is counted."""
    type_name = record.headers.get("ce_type", "")
    aggregate_type = event_class(type_name).aggregate_type if is_known(type_name) else None
    if aggregate_type not in group.counted:
        return
    try:
        aggregate_id, version = aggregate_in(record.headers)
    except InvalidEvent:
        return
    with connection.cursor() as cursor:
        cursor.execute(
            _PASS_OVER, {"consumer": group.consumer, "kind": aggregate_type, "id": aggregate_id, "version": version}
        )


def _aggregate(received: Received[Any]) -> Aggregate:
    return received.aggregate_type, received.aggregate_id


def _columns(aggregates: Sequence[Aggregate]) -> tuple[list[str], list[str]]:
    return [kind for kind, _ in aggregates], [aggregate_id for _, aggregate_id in aggregates]


_LOAD = """
SELECT aggregate_type, aggregate_id, version FROM streaming_applied
JOIN unnest(%s::text[], %s::text[]) AS given(aggregate_type, aggregate_id) USING (aggregate_type, aggregate_id)
WHERE consumer = %s
"""

_STORE = """
INSERT INTO streaming_applied AS a (consumer, aggregate_type, aggregate_id, version)
SELECT %s, * FROM unnest(%s::text[], %s::text[], %s::bigint[])
ON CONFLICT (consumer, aggregate_type, aggregate_id) DO UPDATE SET version = excluded.version
"""

_PASS_OVER = """
INSERT INTO streaming_applied AS a (consumer, aggregate_type, aggregate_id, version)
SELECT %(consumer)s, %(kind)s, %(id)s, %(version)s
WHERE %(version)s = 1 OR EXISTS (SELECT FROM streaming_applied
    WHERE consumer = %(consumer)s AND aggregate_type = %(kind)s AND aggregate_id = %(id)s)
ON CONFLICT (consumer, aggregate_type, aggregate_id) DO UPDATE SET version = excluded.version
    WHERE a.version = excluded.version - 1
"""

_MISSING = f"""
SELECT {LOG_ROW_SQL} FROM streaming_event
WHERE aggregate_type = %s AND aggregate_id = %s AND version BETWEEN %s AND %s ORDER BY version
"""

_SEEN = "SELECT FROM streaming_inbox WHERE consumer = %s AND event_id = ANY (%s::uuid[]) LIMIT 1"
