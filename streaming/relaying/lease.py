"""
Who may publish a range, for how long, and how far it has come: one row, judged by the database's clock only.

The epoch grows with every new owner; a cursor is stored only under the present epoch, so an owner that was paused
past its lease can do no more than send some events twice.
"""

from dataclasses import dataclass

import psycopg
from psycopg.rows import TupleRow

from streaming.relaying.reader import Position

LEASE_S = 1
"""A lease is renewed four times in its life."""
STORE_EVERY_S = 0.25
"""More often bloats the row."""
STANDBY_TRIES_EVERY_S = 0.25


class LeaseLost(Exception):
    """Somebody else may publish now, or the lease ran out: forget everything and begin anew."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Leadership:
    """The right to publish a range, and where to begin."""

    name: str
    owner: str
    epoch: int
    position: Position


def take(connection: psycopg.Connection[TupleRow], *, name: str, owner: str) -> Leadership | None:
    """Take the lease if nobody holds it."""
    row = connection.execute(_TAKE, {"name": name, "owner": owner, "lease_s": LEASE_S}).fetchone()
    if row is None:
        return None
    epoch, snap, window_snap, last_id = row
    return Leadership(
        name=name,
        owner=owner,
        epoch=epoch,
        position=Position(snap=snap, window_snap=window_snap, last_id=last_id),
    )


def stand_by(connection: psycopg.Connection[TupleRow], *, name: str, owner: str) -> bool:
    """Take or renew the place of the one who waits; say whether it is ours."""
    return connection.execute(_STAND_BY, {"name": name, "owner": owner, "lease_s": LEASE_S}).rowcount == 1


def step_back(connection: psycopg.Connection[TupleRow], *, name: str, owner: str) -> None:
    """Give up the place of the one who waits."""
    connection.execute(_STEP_BACK, {"name": name, "owner": owner})


def store(connection: psycopg.Connection[TupleRow], leadership: Leadership, position: Position) -> None:
    """
    Store how far the range was published, and renew the lease.

    :raises LeaseLost: if it is no longer ours, or ran out.
    """
    if not connection.execute(_STORE, _cursor(leadership, position)).rowcount:
        raise LeaseLost(leadership.name)


def renew(connection: psycopg.Connection[TupleRow], leadership: Leadership) -> None:
    """
    Renew the lease only: nothing is published yet.

    :raises LeaseLost: if it is no longer ours, or ran out.
    """
    if not connection.execute(_RENEW, _holder(leadership)).rowcount:
        raise LeaseLost(leadership.name)


def release(connection: psycopg.Connection[TupleRow], leadership: Leadership) -> None:
    """Let the next one go on at once, from the stored position."""
    connection.execute(_RELEASE, _holder(leadership))


def live_runners(connection: psycopg.Connection[TupleRow], *, name: str) -> int:
    """Return how many hold the lease or wait for it: two, when all is well."""
    row = connection.execute(_LIVE, {"name": name}).fetchone()
    return row[0] if row else 0


def has_standby(connection: psycopg.Connection[TupleRow], *, name: str) -> bool:
    """Say whether somebody waits to go on."""
    return live_runners(connection, name=name) == 2


def _holder(leadership: Leadership) -> dict[str, str | int | None]:
    return {
        "name": leadership.name,
        "owner": leadership.owner,
        "epoch": leadership.epoch,
        "lease_s": LEASE_S,
    }


def _cursor(leadership: Leadership, position: Position) -> dict[str, str | int | None]:
    return _holder(leadership) | {
        "snap": position.snap,
        "window_snap": position.window_snap,
        "last_id": position.last_id,
    }


LIES_IN_SQL = """
(SELECT oid::text FROM pg_database WHERE datname = current_database()) || '/' || 'streaming_event'::regclass::oid::text
"""
"""In which database and table the log lies, as PostgreSQL numbers them: a dump that is restored lies elsewhere."""

_TAKE = f"""
UPDATE streaming_relay SET owner = %(owner)s, epoch = epoch + 1,
    lease_until = clock_timestamp() + make_interval(secs => %(lease_s)s),
    standby = nullif(standby, %(owner)s),
    standby_until = CASE WHEN standby = %(owner)s THEN '-infinity' ELSE standby_until END,
    system_identifier = coalesce(system_identifier, (SELECT system_identifier FROM pg_control_system())),
    timeline = coalesce(timeline, left(pg_walfile_name(pg_current_wal_lsn()), 8)),
    server_started_at = CASE WHEN system_identifier IS NULL THEN pg_postmaster_start_time() ELSE server_started_at END,
    lies_in = coalesce(lies_in, {LIES_IN_SQL})
WHERE name = %(name)s AND lease_until < clock_timestamp()
RETURNING epoch, snap::text, window_snap::text, last_id
"""

_STAND_BY = """
UPDATE streaming_relay SET standby = %(owner)s, standby_until = clock_timestamp() + make_interval(secs => %(lease_s)s)
WHERE name = %(name)s AND (standby = %(owner)s OR standby_until < clock_timestamp())
"""

_STEP_BACK = """
UPDATE streaming_relay SET standby = NULL, standby_until = '-infinity' WHERE name = %(name)s AND standby = %(owner)s
"""

_IS_OURS = "name = %(name)s AND owner = %(owner)s AND epoch = %(epoch)s AND lease_until >= clock_timestamp()"

_STORE = f"""
UPDATE streaming_relay SET snap = %(snap)s::pg_snapshot, window_snap = %(window_snap)s::pg_snapshot,
    last_id = %(last_id)s, stored_at = clock_timestamp(),
    lease_until = clock_timestamp() + make_interval(secs => %(lease_s)s)
WHERE {_IS_OURS}
"""

_RENEW = f"""
UPDATE streaming_relay SET lease_until = clock_timestamp() + make_interval(secs => %(lease_s)s) WHERE {_IS_OURS}
"""

_RELEASE = f"UPDATE streaming_relay SET owner = NULL, lease_until = '-infinity' WHERE {_IS_OURS}"

_LIVE = """
SELECT (lease_until >= clock_timestamp())::int + (standby_until >= clock_timestamp())::int
FROM streaming_relay WHERE name = %(name)s
"""
