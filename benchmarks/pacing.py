"""Records events at a steady rate, each in a transaction of its own, and notes when each was committed."""

import threading
import time
from collections.abc import Callable

from django.db import connection, transaction

from benchmarks.data import a_movement
from kernel.identifiers import new_id
from streaming import outbox

THREADS = 4
"""Each waits for the disk by itself, as requests do."""


def events_of(*, rate: float, seconds: float) -> int:
    """Return how many events a round records."""
    return THREADS * _events_of_thread(rate / THREADS, seconds)


def writer() -> Callable[..., dict[str, float]]:
    """
    Be the writer of a crew: each round, record at a rate.

    The work returns when (seconds since 1970) the commit of each event returned to its caller.
    """

    def write(*, rate: float, seconds: float) -> dict[str, float]:
        committed: dict[str, float] = {}
        began_at = time.monotonic()
        threads = [
            threading.Thread(target=_write, args=(committed, began_at + number / rate, rate / THREADS, seconds))
            for number in range(THREADS)
        ]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()
        return committed

    return write


def _write(committed: dict[str, float], first_at: float, rate: float, seconds: float) -> None:
    """Keep to the schedule; one that is late goes on at once and catches up, as callers do not wait for each other."""
    for number in range(_events_of_thread(rate, seconds)):
        due_in_s = first_at + number / rate - time.monotonic()
        if due_in_s > 0:
            time.sleep(due_in_s)
        event_id, event = new_id(), a_movement(is_snapshot=False)
        with transaction.atomic():
            outbox.record(event, event_id=event_id)
        committed[str(event_id)] = time.time()
    connection.close()


def _events_of_thread(rate: float, seconds: float) -> int:
    return int(seconds * rate)
