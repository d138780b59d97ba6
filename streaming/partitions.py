"""Monthly partitions of the log and the inbox: there before they are needed, and gone when nothing needs them."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date

from django.db import OperationalError, connection, connections

from streaming.topics import declared

MONTHS_AHEAD = 12
ATTACHED_AT_MOST = 31
"""More partitions than these make each poll of the relay cost a millisecond and more."""
LINGERING_DAYS = 10
"""A record outlives its topic's retention by the week that its segment is written to, and a little."""
TRIES = 10
"""How often a drop asks for its lock, a second each time: writers are not held up for longer."""


@dataclass(frozen=True, slots=True, kw_only=True)
class PartitionState:
    """How many days of partitions are left, how many are attached, and how many events no monthly one took."""

    days_left: int
    rows_in_default: int
    attached: int


@dataclass(frozen=True, slots=True, kw_only=True)
class Month:
    """One month of the log; ``month`` is its first day, ``rows`` an estimate, ``reason_to_keep`` empty if it may go."""

    month: date
    rows: int
    size_bytes: int
    reason_to_keep: str


class MonthIsNeeded(Exception):
    """The month stays in the log; says why."""


class LogIsBusy(Exception):
    """The lock was not to be had without holding writers up: try again later."""


def make_partitions(*, months_ahead: int = MONTHS_AHEAD) -> int:
    """
    Make the missing partitions of this month and the coming ones; return how many were made.

    Events that came while their month was missing move from the default partition into it. Waits at most a second
    for the locks that it needs, so that it never holds up writers; call it again then.
    """
    with connection.cursor() as cursor:
        cursor.execute("SELECT streaming_make_partitions(%s)", [months_ahead])
        made: int = cursor.fetchone()[0]
    return made


def drop_old_inbox() -> int:
    """
    Drop the inbox of months that are so long ago that no topic can bring their events again; return how many.

    Whatever is asked for, the database keeps this month and the two before.
    """
    longest = max((topic.retention_days for topic in declared()), default=0)
    with connection.cursor() as cursor:
        cursor.execute("SELECT streaming_drop_old_inbox(%s)", [longest + LINGERING_DAYS])
        dropped: int = cursor.fetchone()[0]
    return dropped


def partition_state() -> PartitionState:
    """Return what the metrics and alarms about partitions need."""
    with connection.cursor() as cursor:
        cursor.execute(_STATE)
        days_left, attached, rows_in_default = cursor.fetchone()
    return PartitionState(days_left=days_left, rows_in_default=rows_in_default, attached=attached)


def list_months() -> Sequence[Month]:
    """Return the log's months that have a partition, the oldest first."""
    with connection.cursor() as cursor:
        cursor.execute(_MONTHS)
        return [
            Month(month=month, rows=rows, size_bytes=size, reason_to_keep=reason or "")
            for month, rows, size, reason in cursor.fetchall()
        ]


def drop_month(month: date) -> None:
    """
    Drop one month of the log for good, under the owner's role.

    :raises MonthIsNeeded: if a relay, a held event or a seal still needs it, or it is too young.
    :raises LogIsBusy: if the lock was not to be had in time.
    """
    with connections["owner"].cursor() as cursor:
        for _ in range(TRIES):
            try:
                cursor.execute("SELECT streaming_drop_month(%s)", [month])
            except OperationalError as error:
                if getattr(error.__cause__, "sqlstate", None) != _LOCK_NOT_AVAILABLE:
                    raise
                continue
            (reason,) = cursor.fetchone()
            if reason is not None:
                raise MonthIsNeeded(reason)
            return
    raise LogIsBusy(f"no lock within {TRIES} s")


_LOCK_NOT_AVAILABLE = "55P03"

_STATE = """
SELECT coalesce((max(month) + interval '1 month')::date - current_date, 0), count(*) + 1,
    (SELECT count(*) FROM streaming_event_default)
FROM streaming_months('streaming_event')
"""

_MONTHS = """
SELECT month, greatest(c.reltuples, 0)::bigint, pg_total_relation_size(part), streaming_reason_to_keep(month)
FROM streaming_months('streaming_event') JOIN pg_class c ON c.oid = part ORDER BY month
"""
