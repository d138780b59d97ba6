"""How many records of a partition may fail: past that it is not the records, and the partition is stopped."""

from django.db import connection

from streaming.consuming.offsets import Partition
from streaming.consuming.records import RawRecord

LETTERS = 50
MINUTES = 5
"""
More than :data:`LETTERS` within so many minutes stop a partition.

Those that people settled do not count, nor those from before they last let the partition go on.
"""

REASON = f"More than {LETTERS} records could not be applied within {MINUTES} minutes."


class BudgetSpent(Exception):
    """One record too many of a partition could not be applied; what comes after it is not to be tried."""

    def __init__(self, last: RawRecord) -> None:
        self.last = last
        super().__init__(f"{last.topic}/{last.partition}@{last.offset}")

    @property
    def partition(self) -> Partition:
        """The partition that is to be stopped."""
        return self.last.topic, self.last.partition

    def is_behind(self, record: RawRecord) -> bool:
        """Say whether a record comes after the one that was too many."""
        return (record.topic, record.partition) == self.partition and record.offset > self.last.offset


def count_recent(group: str, partition: Partition) -> int:
    """Return how many letters of a partition count at the moment."""
    topic, number = partition
    with connection.cursor() as cursor:
        cursor.execute(_COUNT, {"group": group, "topic": topic, "number": number, "minutes": MINUTES})
        count: int = cursor.fetchone()[0]
    return count


_COUNT = """
SELECT count(*) FROM streaming_dead_letter
WHERE "group" = %(group)s AND state = 'poison' AND topic = %(topic)s AND partition = %(number)s
    AND created_at > GREATEST(clock_timestamp() - make_interval(mins => %(minutes)s), (
        SELECT released_at FROM streaming_offset
        WHERE "group" = %(group)s AND topic = %(topic)s AND partition = %(number)s))
"""
