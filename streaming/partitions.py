"""Monthly partitions of the log and the inbox: there before they are needed."""

from dataclasses import dataclass

from django.db import connection

MONTHS_AHEAD = 12


@dataclass(frozen=True, slots=True, kw_only=True)
class PartitionState:
    """How many days of partitions are left, and how many events no monthly partition took."""

    days_left: int
    rows_in_default: int


def make_partitions(*, months_ahead: int = MONTHS_AHEAD) -> int:
    """
    Make the missing partitions of this month and the coming ones; return how many were made.

    Waits at most a second for the locks that it needs, so that it never holds up writers; call it again then.
    """
    with connection.cursor() as cursor:
        cursor.execute("SELECT streaming_make_partitions(%s)", [months_ahead])
        made: int = cursor.fetchone()[0]
    return made


def partition_state() -> PartitionState:
    """Return what the metrics and alarms about partitions need."""
    with connection.cursor() as cursor:
        cursor.execute(_STATE)
        days_left, rows_in_default = cursor.fetchone()
    return PartitionState(days_left=days_left, rows_in_default=rows_in_default)


_STATE = """
SELECT coalesce((to_date(max(right(c.relname, 7)), 'YYYY_MM') + interval '1 month')::date - current_date, 0),
    (SELECT count(*) FROM streaming_event_default)
FROM pg_inherits i JOIN pg_class c ON c.oid = i.inhrelid
WHERE i.inhparent = 'streaming_event'::regclass AND c.relname ~ '_[0-9]{4}_[0-9]{2}$'
"""
