"""
What loops count: gathered in memory, added to the database now and then, and so told by any process.

Relay and consumers have no port of their own, and come and go; a count that all of them add to has no gaps, needs no
list of processes, and is scraped wherever the platform answers. What the last seconds before a kill counted is lost.
"""

import logging
import threading
from bisect import bisect_left
from collections import defaultdict
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from typing import TypeAlias

import orjson
from django.db import DatabaseError, connection
from prometheus_client.core import CounterMetricFamily, HistogramMetricFamily, Metric

logger = logging.getLogger(__name__)

STORE_EVERY_S = 5.0

SECONDS = (0.002, 0.005, 0.01, 0.02, 0.05, 0.1, 0.2, 0.5, 1.0, 2.0, 5.0, 10.0, 30.0)
"""Buckets for durations."""
SIZES = (1.0, 10.0, 100.0, 500.0, 1_000.0, 2_000.0, 10_000.0, 100_000.0, 1_000_000.0)
"""Buckets for numbers of records."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Counter:
    """A number that only grows; ``name`` is without the ending ``_total``."""

    name: str
    about: str
    labels: tuple[str, ...] = ()

    def add(self, amount: float, *values: str) -> None:
        """Count more, under these values of the labels."""
        with _lock:
            _gathered[self.name, values, ""] += amount


@dataclass(frozen=True, slots=True, kw_only=True)
class Histogram:
    """How often values lay below certain bounds."""

    name: str
    about: str
    labels: tuple[str, ...] = ()
    bounds: tuple[float, ...]

    def note(self, value: float, *values: str) -> None:
        """Count one value, under these values of the labels."""
        place = bisect_left(self.bounds, value)
        bound = str(self.bounds[place]) if place < len(self.bounds) else _INFINITE
        with _lock:
            _gathered[self.name, values, bound] += 1
            _gathered[self.name, values, _SUM] += value


EVENTS_SENT = Counter(name="millrace_events_sent", about="Events that the broker has acknowledged.")
PRODUCE_ERRORS = Counter(
    name="millrace_produce_errors", about="Errors of the relay's producer, by the broker's code.", labels=("code",)
)
WINDOW_EVENTS = Histogram(
    name="millrace_window_events",
    about="Events between two snapshots of the relay, where there were any.",
    bounds=SIZES,
)
CHUNK_SECONDS = Histogram(
    name="millrace_chunk_seconds", about="From sending a chunk of events to its acknowledgement.", bounds=SECONDS
)
BATCH_RECORDS = Histogram(
    name="millrace_batch_records", about="Records that a group applied together.", labels=("group",), bounds=SIZES
)
BATCH_SECONDS = Histogram(
    name="millrace_batch_seconds",
    about="From a batch's arrival at its group to the end of its transaction, waits for the database included.",
    labels=("group",),
    bounds=SECONDS,
)
DUPLICATES = Counter(
    name="millrace_duplicates", about="Records that were passed over: their event had come before.", labels=("group",)
)
TRANSIENT_ERRORS = Counter(
    name="millrace_transient_errors", about="Batches that a group had to try again.", labels=("group", "error")
)

_TALLIES = (
    EVENTS_SENT,
    PRODUCE_ERRORS,
    WINDOW_EVENTS,
    CHUNK_SECONDS,
    BATCH_RECORDS,
    BATCH_SECONDS,
    DUPLICATES,
    TRANSIENT_ERRORS,
)


@contextmanager
def kept() -> Iterator[None]:
    """Store what this process counts, for the body of a ``with``: every few seconds, and at its end."""
    begin_keeping()
    try:
        yield
    finally:
        end_keeping()


def begin_keeping() -> None:
    """Store what this process counts from now on; for processes that are told of their end, see :func:`kept`."""
    global _keeper  # noqa: PLW0603 - one a process.
    if _keeper is None or not _keeper.is_alive():
        _ending.clear()
        _keeper = threading.Thread(target=_keep, name="tallies", daemon=True)
        _keeper.start()


def end_keeping() -> None:
    """Store what is left."""
    _ending.set()
    if _keeper is not None:
        _keeper.join(STORE_EVERY_S)


def store() -> None:
    """
    Add to the database what was counted since the last time.

    :raises DatabaseError: if that cannot be; it is added the next time then.
    """
    gathered = _take()
    if not gathered:
        return
    rows = sorted((name, orjson.dumps(values).decode(), bucket) for name, values, bucket in gathered)
    amounts = [gathered[name, tuple(orjson.loads(values)), bucket] for name, values, bucket in rows]
    try:
        with connection.cursor() as cursor:
            cursor.execute(_STORE, [*(list(column) for column in zip(*rows, strict=True)), amounts])
    except DatabaseError:
        _give_back(gathered)
        raise


def metrics() -> Iterator[Metric]:
    """Yield what all processes together have counted."""
    stored: dict[str, dict[Values, dict[str, float]]] = defaultdict(lambda: defaultdict(dict))
    with connection.cursor() as cursor:
        cursor.execute("SELECT metric, labels, bucket, value FROM streaming_tally")
        for name, labels, bucket, value in cursor.fetchall():
            stored[name][tuple(orjson.loads(labels))][bucket] = value
    for tally in _TALLIES:
        yield (
            _counter(tally, stored[tally.name]) if isinstance(tally, Counter) else _histogram(tally, stored[tally.name])
        )


Values: TypeAlias = tuple[str, ...]

_INFINITE = "+Inf"
_SUM = "sum"

_lock = threading.Lock()
_gathered: dict[tuple[str, Values, str], float] = defaultdict(float)
_keeper: threading.Thread | None = None
_ending = threading.Event()


def _keep() -> None:
    is_last = False
    while not is_last:
        is_last = _ending.wait(STORE_EVERY_S)
        try:
            store()
        except DatabaseError as error:
            logger.info("counts are kept in memory: %s", type(error).__name__)
        finally:
            connection.close()  # one connection less for the seconds in between.


def _take() -> Mapping[tuple[str, Values, str], float]:
    global _gathered
    with _lock:
        gathered, _gathered = _gathered, defaultdict(float)
    return gathered


def _give_back(gathered: Mapping[tuple[str, Values, str], float]) -> None:
    with _lock:
        for place, amount in gathered.items():
            _gathered[place] += amount


def _counter(tally: Counter, stored: Mapping[Values, Mapping[str, float]]) -> Metric:
    family = CounterMetricFamily(tally.name, tally.about, labels=tally.labels)
    for values, buckets in sorted(stored.items()):
        family.add_metric(values, buckets[""])
    return family


def _histogram(tally: Histogram, stored: Mapping[Values, Mapping[str, float]]) -> Metric:
    family = HistogramMetricFamily(tally.name, tally.about, labels=tally.labels)
    names = [*(str(bound) for bound in tally.bounds), _INFINITE]
    for values, buckets in sorted(stored.items()):
        family.add_metric(values, list(_cumulative(names, buckets)), sum_value=buckets.get(_SUM, 0.0))
    return family


def _cumulative(names: Sequence[str], buckets: Mapping[str, float]) -> Iterator[tuple[str, float]]:
    below = 0.0
    for name in names:
        below += buckets.get(name, 0.0)
        yield name, below


_STORE = """
INSERT INTO streaming_tally AS t (metric, labels, bucket, value)
SELECT * FROM unnest(%s::text[], %s::text[], %s::text[], %s::float8[])
ON CONFLICT (metric, labels, bucket) DO UPDATE SET value = t.value + excluded.value
"""
