"""What is noted of batches: how large, how long, how often they had to be tried again; and their traces."""

import time
from collections.abc import Iterator, Sequence
from contextlib import contextmanager

from streaming import spans, tallies
from streaming.consuming.items import Item
from streaming.consuming.registry import Group


@contextmanager
def watched(group: Group, items: Sequence[Item]) -> Iterator[Sequence[Item]]:
    """Look on while a batch is applied, waits for the database included; what is yielded is to be applied instead."""
    started_s = time.monotonic()
    with spans.applying(group, items) as spanned:
        yield spanned
    tallies.BATCH_RECORDS.note(len(items), group.name)
    tallies.BATCH_SECONDS.note(time.monotonic() - started_s, group.name)


def note_retry(group: Group, error: Exception) -> None:
    """Count a batch that has to be tried again."""
    tallies.TRANSIENT_ERRORS.add(1, group.name, type(error).__name__)
