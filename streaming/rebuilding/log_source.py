"""The event log as a source: of what the group handles or counts, what it has had."""

from array import array
from collections.abc import Iterator, Sequence
from heapq import merge
from typing import Any

import psycopg
from msgspec.structs import replace
from psycopg.rows import TupleRow

from streaming.consuming.records import RawRecord
from streaming.consuming.registry import Group
from streaming.envelope import LOG_ROW_SQL, LogRow, record_of_row
from streaming.events import event_types
from streaming.rebuilding.errors import RebuildRefused
from streaming.rebuilding.sources import BATCH, Portion, Progress, portions


class LogSource:
    """
    Reads the log by ids, and goes back to what the group had not had when it was read.

    What a pass did not see, as it was committed later, the next one brings, however low its ids are.
    """

    def __init__(self, group: Group, session: psycopg.Connection[TupleRow]) -> None:
        if group.by_raw_topic:
            raise RebuildRefused(f"{group.name} reads topics that are not in the log: build it from the topics")
        self._group = group
        self._session = session
        self._seen: str | None = None
        self._not_had = array("q")
        self._offset = 0

    def next_pass(self, progress: Progress) -> Iterator[Portion]:
        """Yield what the group has had by now and no earlier pass brought."""
        ((snapshot, last_id),) = self._ask(_NOW)
        open_ids, self._not_had = self._not_had, array("q")
        chunks = self._all() if self._seen is None else self._some(list(merge(open_ids, self._new_ids(self._seen))))
        for rows in chunks:
            progress(rows[-1][0], last_id)
            yield from portions(self._had(rows))
        self._seen = snapshot
        progress(last_id, last_id)

    def close(self) -> None:
        """The session is its opener's."""

    def _all(self) -> Iterator[Sequence[TupleRow]]:
        after = 0
        while rows := self._ask(_ALL, **self._reader, types=types_of(self._group), after=after, batch=BATCH):
            yield rows
            after = rows[-1][0]

    def _some(self, ids: Sequence[int]) -> Iterator[Sequence[TupleRow]]:
        for start in range(0, len(ids), BATCH):
            yield self._ask(_SOME, **self._reader, ids=ids[start : start + BATCH])

    def _new_ids(self, seen: str) -> Iterator[int]:
        return (number for (number,) in self._ask(_NEW, seen=seen, types=types_of(self._group)))

    def _had(self, rows: Sequence[TupleRow]) -> Iterator[tuple[RawRecord, bool]]:
        """Yield the records that the group has had, as if all came on one partition; keep the others' ids in mind."""
        for *row, is_had, is_given_up in rows:
            if is_had:
                self._offset += 1
                yield replace(record_of_row(LogRow(*row)), offset=self._offset), is_given_up
            else:
                self._not_had.append(row[0])

    @property
    def _reader(self) -> dict[str, Any]:
        return {
            "group": self._group.name,
            "consumer": self._group.consumer,
            "counted": sorted(self._group.counted),
        }

    def _ask(self, query: str, **parameters: Any) -> Sequence[TupleRow]:
        with self._session.cursor(binary=True) as cursor:
            return cursor.execute(query, parameters).fetchall()


def types_of(group: Group) -> list[str]:
    """Return the event types that a group handles, or only counts."""
    counted = {each.name for each in event_types() if each.aggregate_type in group.counted}
    return sorted(counted | group.by_type.keys())


_NOW = "SELECT pg_current_snapshot()::text, coalesce((SELECT max(id) FROM streaming_event), 0)"

# Of aggregates whose versions are counted, all is had up to the version that the group has reached, read or not.
# Of all others the inbox tells, and of what was before it, that it must have been had. What was set aside is in the
# inbox too: it is had once it was redriven, or given up.
_SELECT = f"""
SELECT {LOG_ROW_SQL},
    CASE WHEN aggregate_type = ANY(%(counted)s) THEN version <= coalesce((
            SELECT a.version FROM streaming_applied a WHERE a.consumer = %(consumer)s
                AND a.aggregate_type = e.aggregate_type AND a.aggregate_id = e.aggregate_id), 0)
        ELSE event_id < (SELECT streaming_inbox_horizon()) OR EXISTS (
            SELECT FROM streaming_inbox i WHERE i.event_id = e.event_id AND i.consumer = %(consumer)s)
    END AND event_id NOT IN (
        SELECT d.event_id FROM streaming_dead_letter d
        WHERE d."group" = %(group)s AND d.state IN ('poison', 'waiting') AND d.event_id IS NOT NULL),
    event_id IN (
        SELECT d.event_id FROM streaming_dead_letter d WHERE d."group" = %(group)s AND d.state = 'discarded')
FROM streaming_event e
"""

_ALL = f"{_SELECT} WHERE type = ANY(%(types)s) AND id > %(after)s ORDER BY id LIMIT %(batch)s"

_SOME = f"{_SELECT} WHERE id = ANY(%(ids)s) ORDER BY id"

_NEW = """
SELECT id FROM streaming_event
WHERE (txid >= pg_snapshot_xmax(%(seen)s::pg_snapshot)
       OR txid = ANY (ARRAY(SELECT pg_snapshot_xip(%(seen)s::pg_snapshot))))
    AND type = ANY(%(types)s)
ORDER BY id + 0
"""
