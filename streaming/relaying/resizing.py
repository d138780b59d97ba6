"""
The rows of the ranges, made anew when their number is changed.

A new range begins at a point that none of those before it had passed, so a change sends some events twice and
loses none. It also inherits where the log was published from: a change must not hide a restored database.
"""

from collections.abc import Sequence

import psycopg
from psycopg.rows import TupleRow

from streaming.relaying.ranges import HIGH_SQL, LOW_SQL, ShardRange, ranges


def make_rows(connection: psycopg.Connection[TupleRow]) -> None:
    """Make the rows of ranges that have none; take away those of ranges that are no more, once nobody leads them."""
    wanted = ranges()
    found = connection.execute("SELECT name FROM streaming_relay WHERE name LIKE 'relay:%'").fetchall()
    if {name for (name,) in found} == {shards.name for shards in wanted}:
        return
    with connection.transaction():
        # Nobody moves a cursor meanwhile, and nobody else makes rows.
        connection.execute("LOCK TABLE streaming_relay IN SHARE ROW EXCLUSIVE MODE")
        connection.execute(_MAKE, _columns(wanted))
        connection.execute(_TAKE_AWAY, {"names": [shards.name for shards in wanted]})


def _columns(wanted: Sequence[ShardRange]) -> dict[str, list[str] | list[int]]:
    return {
        "names": [shards.name for shards in wanted],
        "lows": [shards.low for shards in wanted],
        "highs": [shards.high for shards in wanted],
    }


# The smallest id that some overlapping range may not have seen: everything below was published by all of them.
_MAKE = f"""
INSERT INTO streaming_relay
    (name, snap, stored_at, system_identifier, timeline, server_started_at, lies_in, refused_at, refusal)
SELECT wanted.name, coalesce(former.snap, '3:3:'), coalesce(former.stored_at, clock_timestamp()),
    former.system_identifier, former.timeline, former.server_started_at, former.lies_in,
    former.refused_at, former.refusal
FROM unnest(%(names)s::text[], %(lows)s::int[], %(highs)s::int[]) AS wanted(name, low, high)
LEFT JOIN LATERAL (
    SELECT format('%%1$s:%%1$s:', min(pg_snapshot_xmin(snap)::text::bigint))::pg_snapshot AS snap,
        min(stored_at) AS stored_at,
        (array_agg(system_identifier ORDER BY refused_at, stored_at))[1] AS system_identifier,
        (array_agg(timeline ORDER BY refused_at, stored_at))[1] AS timeline,
        (array_agg(server_started_at ORDER BY refused_at, stored_at))[1] AS server_started_at,
        (array_agg(lies_in ORDER BY refused_at, stored_at))[1] AS lies_in,
        (array_agg(refused_at ORDER BY refused_at, stored_at))[1] AS refused_at,
        (array_agg(refusal ORDER BY refused_at, stored_at))[1] AS refusal
    FROM streaming_relay r
    WHERE r.name LIKE 'relay:%%' AND {LOW_SQL} <= wanted.high AND {HIGH_SQL} >= wanted.low
    HAVING count(*) > 0) AS former ON true
ON CONFLICT DO NOTHING
"""

_TAKE_AWAY = """
DELETE FROM streaming_relay WHERE name LIKE 'relay:%%' AND name <> ALL (%(names)s)
    AND lease_until < clock_timestamp() AND standby_until < clock_timestamp()
"""
