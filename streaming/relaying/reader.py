"""
Reads the log in the order in which it may be published, and skips no event that commits late.

Ids are drawn in one order and commit in another, so "everything after the last id" loses events. This reader takes
the difference of two snapshots: what the later one sees and the earlier one did not, ordered by id. The second writer
to an aggregate waits for the first one's lock, so a snapshot that sees the second sees the first as well; and as ids
are drawn under that lock, the order of ids is the order of versions.
"""

from collections.abc import Sequence
from dataclasses import dataclass

import psycopg
from psycopg.rows import TupleRow

from streaming.envelope import LOG_ROW_SQL, LogRow
from streaming.relaying.ranges import HIGH_SQL, LOW_SQL, ShardRange

CHUNK = 2000

PLANNING = {"plan_cache_mode": "force_generic_plan", "enable_seqscan": "off", "enable_sort": "off"}
"""
Settings of the server for a connection of this reader: one plan for each query, by the index that is meant for it.

A plan for the given values would be made anew for each chunk, and on statistics that are older than a backlog.
"""


@dataclass(frozen=True, slots=True, kw_only=True)
class Position:
    """
    How far the log was read: all that ``snap`` sees.

    Inside a window that takes several chunks also all that ``window_snap`` sees, up to the id ``last_id``.
    """

    snap: str
    window_snap: str | None = None
    last_id: int = 0


@dataclass(frozen=True, slots=True, kw_only=True)
class Chunk:
    """Rows to publish in this order, and the position once all of them are acknowledged."""

    rows: Sequence[LogRow]
    position: Position


class LogReader:
    """Reads chunk after chunk, each from where the last one ended; the position lives in this object only."""

    def __init__(
        self,
        connection: psycopg.Connection[TupleRow],
        shards: ShardRange,
        position: Position,
        *,
        chunk: int = CHUNK,
    ) -> None:
        self._connection = connection
        self._shards = shards
        self._position = position
        self._chunk = chunk

    def next_chunk(self) -> Chunk:
        """Return the next rows; none if there is nothing new."""
        position = self._position
        if position.window_snap is None:
            chunk = self._open_window(position)
        else:
            chunk = self._go_on(position, position.window_snap)
        self._position = chunk.position
        return chunk

    def _open_window(self, position: Position) -> Chunk:
        """Take the later snapshot and the first rows in one statement: both see the same, at the cost of one round."""
        with self._connection.cursor(binary=True) as cursor:
            cursor.execute(_FIRST, self._parameters(position, None))
            found = cursor.fetchall()
        window_snap: str = found[0][0]
        rows = [LogRow._make(row[1:]) for row in found if row[1] is not None]
        return self._chunk_of(rows, position, window_snap)

    def _go_on(self, position: Position, window_snap: str) -> Chunk:
        with self._connection.cursor(binary=True) as cursor:
            cursor.execute(_LATER, self._parameters(position, window_snap))
            rows = list(map(LogRow._make, cursor.fetchall()))
        return self._chunk_of(rows, position, window_snap)

    def _parameters(self, position: Position, window_snap: str | None) -> dict[str, str | int | None]:
        return {
            "snap": position.snap,
            "window_snap": window_snap,
            "last_id": position.last_id,
            "low": self._shards.low,
            "high": self._shards.high,
            "chunk": self._chunk,
        }

    def _chunk_of(self, rows: list[LogRow], position: Position, window_snap: str) -> Chunk:
        if len(rows) < self._chunk:
            return Chunk(rows=rows, position=Position(snap=window_snap))
        return Chunk(rows=rows, position=Position(snap=position.snap, window_snap=window_snap, last_id=rows[-1].id))


# What the later snapshot sees and the earlier one did not. The upper bound changes nothing in a log that was written
# where it lies; one that was restored row by row may hold ids of transactions that have yet to come here.
_BETWEEN = """
(txid >= pg_snapshot_xmax(%(snap)s::pg_snapshot) OR txid = ANY (ARRAY(SELECT pg_snapshot_xip(%(snap)s::pg_snapshot))))
    AND shard BETWEEN %(low)s::int AND %(high)s::int
"""

UNPASSED_SQL = f"""
e.shard BETWEEN {LOW_SQL} AND {HIGH_SQL}
    AND (e.txid >= pg_snapshot_xmax(r.snap) OR e.txid = ANY (ARRAY(SELECT pg_snapshot_xip(r.snap))))
    AND NOT (r.window_snap IS NOT NULL AND pg_visible_in_snapshot(e.txid, r.window_snap) AND e.id <= r.last_id)
"""
"""Whether the cursor of a range, the row ``r``, has yet to come to the event ``e``."""

# A statement has one snapshot, and pg_current_snapshot() tells which. There is a row even if there are no events.
# "id + 0": the index on (txid, id) finds the window's rows; by that on (id), an empty poll would scan the log.
_FIRST = f"""
SELECT later.snap, event.* FROM (SELECT pg_current_snapshot()::text AS snap) later LEFT JOIN LATERAL (
    SELECT {LOG_ROW_SQL} FROM (
        SELECT * FROM streaming_event WHERE {_BETWEEN} AND txid < pg_snapshot_xmax(pg_current_snapshot())
        ORDER BY id + 0 LIMIT %(chunk)s::int) first) event ON true
ORDER BY event.id
"""

_LATER = f"""
SELECT {LOG_ROW_SQL} FROM streaming_event
WHERE {_BETWEEN} AND pg_visible_in_snapshot(txid, %(window_snap)s::pg_snapshot) AND id > %(last_id)s::bigint
ORDER BY id LIMIT %(chunk)s::int
"""
