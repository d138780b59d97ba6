"""Who publishes which range and how far it has come, for people."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

from psycopg.rows import class_row

from streaming.database import connect
from streaming.relaying.ranges import HIGH_SQL, LOW_SQL


@dataclass(frozen=True, slots=True, kw_only=True)
class RangeStatus:
    """A range as its row tells of it; who leads or waits is named only while the lease is alive."""

    name: str
    leader: str | None
    standby: str | None
    epoch: int
    snap: str
    window_snap: str | None
    last_id: int
    stored_at: datetime
    held: int
    refused_at: datetime | None
    refusal: str | None


def list_ranges() -> Sequence[RangeStatus]:
    """Return all ranges that have a row, also those of another number of ranges that somebody still leads."""
    with connect() as connection, connection.cursor(row_factory=class_row(RangeStatus)) as cursor:
        return cursor.execute(_RANGES).fetchall()


_RANGES = f"""
SELECT name, CASE WHEN lease_until >= clock_timestamp() THEN owner END AS leader,
    CASE WHEN standby_until >= clock_timestamp() THEN standby END AS standby,
    epoch, snap::text, window_snap::text, last_id, stored_at,
    (SELECT count(*) FROM streaming_held h WHERE h.shard BETWEEN {LOW_SQL} AND {HIGH_SQL}) AS held, refused_at, refusal
FROM streaming_relay r WHERE name LIKE 'relay:%' ORDER BY {LOW_SQL}, name
"""
