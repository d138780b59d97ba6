"""What is noted of batches: how large, how long, how often they had to be tried again; and their traces."""

import time
from collections.abc import Iterator, Sequence
from contextlib import contextmanager

from streaming import spans, tallies
from streaming.consuming.records import RawRecord
from streaming.consuming.registry import Group


@contextmanager
def watched(group: Group, records: Sequence[RawRecord]) -> Iterator[Sequence[RawRecord]]:
    """Look on while a batch is applied, waits for the database included; what is yielded is to be applied instead."""
    started_s = time.monotonic()
    with spans.applying(group, records) as spanned:
        yield spanned
    if not records:
        return
    tallies.BATCH_RECORDS.note(len(records), group.name)
    tallies.BATCH_SECONDS.note(time.monotonic() - started_s, group.name)


def note_retry(group: Group, error: Exception) -> None:
    """Count a batch that has to be tried again."""
    tallies.TRANSIENT_ERRORS.add(1, group.name, type(error).__name__)
