"""
Applies, out of the log, what a group has not had: for records that its topics no longer hold.

Unlike a rebuild this is the group's own work, done late: views, inbox, letters and outputs are the live ones. Where a
topic brings one of these events after all, it is a duplicate.
"""

from collections.abc import Sequence

from django.db import connection, transaction
from msgspec.structs import replace

from streaming.consuming import offsets
from streaming.consuming.applying import apply_batch
from streaming.consuming.records import RawRecord
from streaming.consuming.registry import Group
from streaming.envelope import LOG_ROW_SQL, LogRow, record_of_row
from streaming.rebuilding.errors import RebuildFailed, RebuildRefused
from streaming.rebuilding.log_source import types_of
from streaming.rebuilding.sources import BATCH, Progress
from streaming.rebuilding.views import hold_consumers

LOG = -1
"""The partition that stands for the log; letters that come from it have their event's place there as offset."""


def fill_from_log(group: Group, *, progress: Progress) -> int:
    """
    Apply all that the log holds for the group and it has not had, in the log's order; return how many that was.

    The group may run meanwhile: its consumers wait while a batch is applied.

    :raises RebuildRefused: if the group reads topics that are not in the log.
    :raises RebuildFailed: if too many records cannot be applied; what was applied before stays.
    """
    if group.by_raw_topic:
        raise RebuildRefused(f"{group.name} reads topics that are not in the log")
    applied, after, until = 0, 0, _last_id()
    while records := _missed(group, after=after, until=until):
        _apply(group, records)
        applied, after = applied + len(records), records[-1].offset
        progress(after, until)
    progress(until, until)
    return applied


@transaction.atomic
def _apply(group: Group, records: Sequence[RawRecord]) -> None:
    hold_consumers(group)
    places = sorted({(record.topic, LOG) for record in records})
    epochs = {place: epoch for place, (_, epoch) in offsets.claim(group.name, places).items()}
    ends = {(record.topic, LOG): record.offset + 1 for record in records}
    if apply_batch(group, records, epochs) != ends:
        raise RebuildFailed(
            "too many records could not be applied: look at the dead letters' errors, and mend the cause"
        )
    with connection.cursor() as cursor:
        cursor.execute('DELETE FROM streaming_offset WHERE "group" = %s AND partition = %s', [group.name, LOG])


def _last_id() -> int:
    with connection.cursor() as cursor:
        cursor.execute("SELECT coalesce(max(id), 0) FROM streaming_event")
        (last_id,) = cursor.fetchone()
    return int(last_id)


def _missed(group: Group, *, after: int, until: int) -> Sequence[RawRecord]:
    with connection.cursor() as cursor:
        cursor.execute(
            _MISSED,
            {
                "types": types_of(group),
                "consumer": group.consumer,
                "counted": sorted(group.counted),
                "after": after,
                "until": until,
                "batch": BATCH,
            },
        )
        rows = [LogRow(*row) for row in cursor.fetchall()]
    return [replace(record_of_row(row), partition=LOG, offset=row.id) for row in rows]


_MISSED = f"""
SELECT {LOG_ROW_SQL} FROM streaming_event e
WHERE type = ANY(%(types)s) AND id > %(after)s AND id <= %(until)s
    AND (aggregate_type = ANY(%(counted)s) OR event_id >= (SELECT streaming_inbox_horizon()))
    AND NOT EXISTS (SELECT FROM streaming_inbox i WHERE i.event_id = e.event_id AND i.consumer = %(consumer)s)
    AND NOT EXISTS (SELECT FROM streaming_applied a
        WHERE e.aggregate_type = ANY(%(counted)s) AND a.consumer = %(consumer)s
            AND a.aggregate_type = e.aggregate_type AND a.aggregate_id = e.aggregate_id AND a.version >= e.version)
ORDER BY id LIMIT %(batch)s
"""
