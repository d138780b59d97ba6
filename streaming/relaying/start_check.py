"""
Whether a log may be published from where its cursor stands: not if the database is another one than it was.

After a restore, the log may lack events that the topics have, and a cursor's transaction ids may mean nothing any
more. To go on would give consumers other events under versions that they have seen. A copy of the database's files
looks like the database itself, cursor included, but for one thing: its server was started later. A dump that was
restored lies in other tables, and maybe in another database. So whenever server or tables are not those that were
published from, the end of each topic is compared with the log.
"""

import time
from collections.abc import Callable, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from datetime import datetime, timedelta

import psycopg
from psycopg.rows import TupleRow, class_row

from streaming.relaying import lease
from streaming.relaying.lease import Leadership
from streaming.relaying.tail import PublishedEvent, ahead_of_log, find_lost

LOOK_BACK = timedelta(minutes=5)
"""More than the clocks of database and broker ever differ."""
LOOK_BACK_AFTER_RESTART = timedelta(seconds=30)
"""A crashed server is back with all that it had committed, most often: the pause shall be short."""
NAMED_AT_MOST = 5


def find_refusal(
    connection: psycopg.Connection[TupleRow], leadership: Leadership, *, is_over: Callable[[], bool]
) -> str | None:
    """
    Return, in sentences, why the range must not be published; ``None`` if it may. Keeps the lease meanwhile.

    What is refused once stays so until somebody adopts the log.

    :raises LeaseLost: if the lease was lost over it.
    :raises KafkaException: if the topics had to be looked at, and the broker does not answer.
    :raises TailUnread: if ``is_over`` said so before it was decided.
    """
    origin = _look(connection, leadership.name)
    refusal = origin.refusal or _compare(origin)
    if refusal is None and (origin.is_restored or origin.has_restarted):
        lost = _find_lost(connection, leadership, _doubted_since(origin), is_over)
        if not origin.is_restored:
            lost = ahead_of_log(connection, lost)  # most often it only crashed: a stray record shall not stop all.
        refusal = _tell_lost(origin, lost) if lost else None
    parameters = {
        "name": leadership.name,
        "epoch": leadership.epoch,
        "refusal": refusal,
        "timeline": origin.present_timeline if refusal is None else origin.timeline,
    }
    connection.execute(_NOTE, parameters)
    return refusal


@dataclass(frozen=True, slots=True, kw_only=True)
class _Origin:
    """The database that the cursor was stored in, and the one that it lies in now."""

    refusal: str | None
    stored_at: datetime
    system_identifier: int
    present_system_identifier: int
    timeline: str
    present_timeline: str
    has_restarted: bool
    has_moved: bool
    has_xids_ahead: bool

    @property
    def has_branched(self) -> bool:
        """Say whether a standby was promoted, or the log of changes replayed to some moment."""
        return self.timeline != self.present_timeline

    @property
    def is_restored(self) -> bool:
        """Say whether this is more than a server that was started again."""
        return self.has_branched or self.has_moved


def _look(connection: psycopg.Connection[TupleRow], name: str) -> _Origin:
    with connection.cursor(row_factory=class_row(_Origin)) as cursor:
        origin = cursor.execute(_LOOK, {"name": name}).fetchone()
    assert origin is not None, "a lease that was just taken has a row"
    return origin


def _compare(origin: _Origin) -> str | None:
    if origin.system_identifier != origin.present_system_identifier:
        return (
            f"the log lies in another database cluster ({origin.present_system_identifier}) than it was published from"
            f" ({origin.system_identifier}): it was restored or upgraded. {_advice(origin)}"
        )
    if origin.has_xids_ahead:
        return f"the database's transaction ids have gone back: it was restored. {_advice(origin)}"
    return None


def _doubted_since(origin: _Origin) -> datetime:
    return origin.stored_at - (LOOK_BACK if origin.is_restored else LOOK_BACK_AFTER_RESTART)


def _tell_lost(origin: _Origin, lost: Sequence[PublishedEvent]) -> str:
    named = "; ".join(
        f"{event.type} {event.aggregate_id} version {event.version} ({event.event_id})"
        for event in lost[:NAMED_AT_MOST]
    )
    if origin.has_branched:
        what = f"was promoted or recovered (timeline {origin.timeline}, now {origin.present_timeline})"
    elif origin.has_moved:
        what = "was restored into other tables"
    else:
        what = "was started anew, from an older state of its files"
    return (
        f"the database {what}, and {len(lost)} events that were published are not in the log: {named}"
        f"{'; …' if len(lost) > NAMED_AT_MOST else ''}. {_advice(origin)}"
    )


def _advice(origin: _Origin) -> str:
    since = (origin.stored_at - LOOK_BACK).isoformat(timespec="seconds")
    return f"Stop what writes, then: manage.py relay adopt --since {since}"


def _find_lost(
    connection: psycopg.Connection[TupleRow], leadership: Leadership, since: datetime, is_over: Callable[[], bool]
) -> Sequence[PublishedEvent]:
    """Read the topics in a thread, and keep the lease in this one."""
    is_left = False
    with ThreadPoolExecutor(1, thread_name_prefix="tail check") as pool:
        reading = pool.submit(find_lost, since, is_over=lambda: is_left or is_over())
        try:
            while not reading.done():
                lease.renew(connection, leadership)
                time.sleep(lease.STORE_EVERY_S / 2)
        finally:
            is_left = True
    return reading.result()


_LOOK = f"""
SELECT r.refusal, r.stored_at, r.system_identifier, c.system_identifier AS present_system_identifier, r.timeline,
    r.server_started_at IS DISTINCT FROM pg_postmaster_start_time() AS has_restarted,
    coalesce(r.lies_in <> {lease.LIES_IN_SQL}, false) AS has_moved,
    left(pg_walfile_name(pg_current_wal_lsn()), 8) AS present_timeline,
    pg_snapshot_xmax(coalesce(r.window_snap, r.snap)) > pg_snapshot_xmax(pg_current_snapshot()) AS has_xids_ahead
FROM streaming_relay r CROSS JOIN pg_control_system() c WHERE r.name = %(name)s
"""

_NOTE = f"""
UPDATE streaming_relay SET timeline = %(timeline)s, refusal = %(refusal)s::text,
    refused_at = CASE WHEN %(refusal)s::text IS NOT NULL THEN coalesce(refused_at, clock_timestamp()) END,
    server_started_at = CASE WHEN %(refusal)s::text IS NULL THEN pg_postmaster_start_time() ELSE server_started_at END,
    lies_in = CASE WHEN %(refusal)s::text IS NULL THEN {lease.LIES_IN_SQL} ELSE lies_in END
WHERE name = %(name)s AND epoch = %(epoch)s
    AND (timeline, refusal, server_started_at, lies_in)
        IS DISTINCT FROM (%(timeline)s, %(refusal)s::text, pg_postmaster_start_time(), {lease.LIES_IN_SQL})
"""
