"""The event log as a source: of the group's types, what its inbox holds."""

from array import array
from collections.abc import Iterator, Sequence
from datetime import UTC, datetime
from heapq import merge
from typing import Any

import psycopg
from psycopg.rows import TupleRow

from streaming.consuming.records import RawRecord
from streaming.consuming.registry import Group
from streaming.envelope import LOG_ROW_SQL, LogRow, headers_of
from streaming.rebuilding.errors import RebuildRefused
from streaming.rebuilding.sources import BATCH, Progress


class LogSource:
    """
    Reads the log by ids, and goes back to what the group had not had when it was read.

    A pass ends where its snapshot ends; the next one brings what that did not see, however low its ids are.
    """

    def __init__(self, group: Group, session: psycopg.Connection[TupleRow]) -> None:
        if group.by_raw_topic:
            raise RebuildRefused(f"{group.name} reads topics that are not in the log: build it from the topics")
        self._group = group
        self._session = session
        self._seen: str | None = None
        self._not_had = array("q")
        self._offset = 0

    def next_pass(self, progress: Progress) -> Iterator[Sequence[RawRecord]]:
        """Yield what the group has had by now and no earlier pass brought."""
        snapshot, last_id, horizon = self._ask(_NOW)[0]
        had = {"group": self._group.name, "consumer": self._group.consumer, "horizon": horizon}
        open_ids, self._not_had = self._not_had, array("q")
        if self._seen is None:
            chunks = self._all(snapshot, had)
        else:
            chunks = self._some(list(merge(open_ids, self._new_ids(self._seen, snapshot))), had)
        for rows in chunks:
            batch = [self._record(LogRow(*row)) for *row, is_had in rows if is_had]
            self._not_had.extend(row[0] for row in rows if not row[-1])
            progress(rows[-1][0], last_id)
            if batch:
                yield batch
        self._seen = snapshot
        progress(last_id, last_id)

    def close(self) -> None:
        """The session is its opener's."""

    def _all(self, snapshot: str, had: dict[str, Any]) -> Iterator[list[TupleRow]]:
        after = 0
        while rows := self._ask(_ALL, **had, snapshot=snapshot, types=self._types, after=after, batch=BATCH):
            yield rows
            after = rows[-1][0]

    def _some(self, ids: Sequence[int], had: dict[str, Any]) -> Iterator[list[TupleRow]]:
        for start in range(0, len(ids), BATCH):
            yield self._ask(_SOME, **had, ids=list(ids[start : start + BATCH]))

    def _new_ids(self, seen: str, snapshot: str) -> Iterator[int]:
        return (number for (number,) in self._ask(_NEW, seen=seen, snapshot=snapshot, types=self._types))

    @property
    def _types(self) -> list[str]:
        return sorted(self._group.by_type)

    def _record(self, row: LogRow) -> RawRecord:
        """Return a row as its topic would bring it, all on one partition."""
        self._offset += 1
        return RawRecord(
            topic=row.topic,
            partition=0,
            offset=self._offset,
            key=row.key,
            value=row.payload,
            headers=dict(headers_of(row, epoch=0)),
            timestamp=datetime.now(UTC),
        )

    def _ask(self, query: str, **parameters: Any) -> list[TupleRow]:
        with self._session.cursor(binary=True) as cursor:
            return cursor.execute(query, parameters).fetchall()


_NOW = """
SELECT pg_current_snapshot()::text, coalesce((SELECT max(id) FROM streaming_event), 0), streaming_inbox_horizon()
"""

# An event that was set aside is in the inbox too; it counts as had once its letter was redriven.
_SELECT = f"""
SELECT {LOG_ROW_SQL},
    (event_id < %(horizon)s OR EXISTS (
        SELECT FROM streaming_inbox i WHERE i.event_id = streaming_event.event_id AND i.consumer = %(consumer)s))
    AND event_id NOT IN (
        SELECT d.event_id FROM streaming_dead_letter d
        WHERE d."group" = %(group)s AND d.state <> 'redriven' AND d.event_id IS NOT NULL)
FROM streaming_event
"""

_ALL = f"""
{_SELECT} WHERE type = ANY(%(types)s) AND id > %(after)s AND pg_visible_in_snapshot(txid, %(snapshot)s::pg_snapshot)
ORDER BY id LIMIT %(batch)s
"""

_SOME = f"{_SELECT} WHERE id = ANY(%(ids)s) ORDER BY id"

_NEW = """
SELECT id FROM streaming_event
WHERE (txid >= pg_snapshot_xmax(%(seen)s::pg_snapshot)
       OR txid = ANY (ARRAY(SELECT pg_snapshot_xip(%(seen)s::pg_snapshot))))
    AND pg_visible_in_snapshot(txid, %(snapshot)s::pg_snapshot) AND type = ANY(%(types)s)
ORDER BY id + 0
"""
