"""Starts and watches the relay's loops; never one task per event."""

import logging
import threading
from typing import Any

from celery import shared_task
from celery.signals import worker_ready, worker_shutdown, worker_shutting_down

from streaming import partitions, tallies
from streaming.database import connect
from streaming.processes import freeze_what_stays
from streaming.relaying import lease
from streaming.relaying.loop import RelayLoop
from streaming.relaying.ranges import UnknownRange, get_range, ranges
from streaming.relaying.resizing import make_rows

logger = logging.getLogger(__name__)

TERM_S = 300
"""A relay leads for so long and hands over then, so that no task runs for ever and new code takes over soon."""
RUNNERS = 2
"""One who leads, one who waits."""

_stopping = threading.Event()
_running: set[str] = set()
"""The ranges that this process leads or waits for."""
_running_changes = threading.Lock()


@shared_task(acks_late=False, ignore_result=True)
def relay(*, name: str) -> None:
    """
    Publish a range, such as ``relay:0-63``, for one term of leading; ends at once where two others run.

    So it does where this process has a runner of the range: who leads and who waits shall not die together.
    """
    try:
        shards = get_range(name)
    except UnknownRange:
        logger.warning("%s is no range of this deployment: its task was left by another one", name)
        return
    with _running_changes:
        if name in _running:
            return
        _running.add(name)
    try:
        RelayLoop(shards, _stopping, term_s=TERM_S).run()
    finally:
        _running.discard(name)
        if not _stopping.is_set():
            ensure_relays.apply_async(expires=5)  # who goes is replaced, whether or not there is a beat.


@shared_task(ignore_result=True)
def ensure_relays() -> None:
    """Start what is missing of the two runners of each range; harmless however often it runs."""
    with connect() as connection:
        make_rows(connection)
        for shards in ranges():
            for _ in range(RUNNERS - lease.live_runners(connection, name=shards.name)):
                relay.apply_async(kwargs={"name": shards.name}, expires=5)


@shared_task(ignore_result=True)
def make_partitions() -> None:
    """Make the coming months' partitions of the log and the inbox."""
    partitions.make_partitions()


@shared_task(ignore_result=True)
def drop_old_inbox() -> None:
    """Drop the months of the inbox that nothing can come back from."""
    partitions.drop_old_inbox()


@worker_ready.connect
def _begin(**_signal: Any) -> None:
    """A new worker need not wait for the beat."""
    freeze_what_stays()
    _stopping.clear()
    tallies.begin_keeping()
    ensure_relays.apply_async(expires=5)


@worker_shutting_down.connect
def _end(**_signal: Any) -> None:
    """A loop finishes its chunk and frees its lease, then the worker may go."""
    _stopping.set()


@worker_shutdown.connect
def _keep_the_last_counts(**_signal: Any) -> None:
    """By now the loops have ended."""
    tallies.end_keeping()
