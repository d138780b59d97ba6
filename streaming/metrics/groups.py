"""The groups: how far they are behind, and what they set aside."""

from collections.abc import Iterator
from datetime import timedelta

from django.db import connection
from prometheus_client.core import CounterMetricFamily, GaugeMetricFamily, Metric

from kernel import clock
from streaming.flow import BrokerDown, measure_lags
from streaming.standstills import list_parked_keys, list_paused_groups, list_stopped_partitions


def metrics() -> Iterator[Metric]:
    """Yield what the database knows of the groups."""
    yield _letters()
    yield from _parked()
    yield _stopped()
    yield _paused()
    yield _applied()


def lags() -> Iterator[Metric]:
    """Yield how far each group is behind in each partition; only whether the broker answers, if it does not."""
    labels = ["group", "topic", "partition"]
    records = GaugeMetricFamily("millrace_lag_records", "Records that a group has still to read.", labels=labels)
    seconds = GaugeMetricFamily("millrace_lag_seconds", "Age of the oldest of these records.", labels=labels)
    try:
        measured = measure_lags()
    except BrokerDown:
        yield _broker_up(False)
        return
    for lag in measured:
        for part in lag.partitions:
            values = [lag.group, part.topic, str(part.partition)]
            waited = clock.now() - part.oldest_at if part.oldest_at else timedelta(0)
            records.add_metric(values, part.records)
            seconds.add_metric(values, max(waited.total_seconds(), 0.0))
    missing = GaugeMetricFamily(
        "millrace_missing_topics", "Whether the broker lacks a topic that some group reads.", labels=["topic"]
    )
    for topic in sorted({topic for lag in measured for topic in lag.missing}):
        missing.add_metric([topic], 1)
    yield _broker_up(True)
    yield records
    yield seconds
    yield missing


def _broker_up(is_up: bool) -> Metric:
    return GaugeMetricFamily("millrace_broker_up", "Whether the broker answers.", value=int(is_up))


def _letters() -> Metric:
    letters = GaugeMetricFamily("millrace_dead_letters", "Records set aside.", labels=["group", "state"])
    with connection.cursor() as cursor:
        cursor.execute('SELECT "group", state, count(*) FROM streaming_dead_letter GROUP BY 1, 2 ORDER BY 1, 2')
        for group, state, count in cursor.fetchall():
            letters.add_metric([group, state], count)
    return letters


def _parked() -> Iterator[Metric]:
    labels = ["group", "cause"]
    keys = GaugeMetricFamily("millrace_parked_keys", "Keys whose records wait.", labels=labels)
    since = GaugeMetricFamily("millrace_parked_seconds", "For how long the first of them has waited.", labels=labels)
    for parked in list_parked_keys():
        keys.add_metric([parked.group, parked.cause], parked.count)
        since.add_metric([parked.group, parked.cause], max((clock.now() - parked.since).total_seconds(), 0.0))
    yield keys
    yield since


def _stopped() -> Metric:
    stopped = GaugeMetricFamily(
        "millrace_stopped_partitions",
        "Whether a group gave up on a partition, until people let it go on.",
        labels=["group", "topic", "partition"],
    )
    for part in list_stopped_partitions():
        stopped.add_metric([part.group, part.topic, str(part.partition)], 1)
    return stopped


def _paused() -> Metric:
    paused = GaugeMetricFamily("millrace_paused_groups", "Whether people paused a group.", labels=["group"])
    for each in list_paused_groups():
        paused.add_metric([each.group], 1)
    return paused


def _applied() -> Metric:
    applied = CounterMetricFamily(
        "millrace_records_applied", "Records that a group has dealt with.", labels=["group", "topic"]
    )
    with connection.cursor() as cursor:
        cursor.execute('SELECT "group", topic, sum(next_offset) FROM streaming_offset GROUP BY 1, 2 ORDER BY 1, 2')
        for group, topic, count in cursor.fetchall():
            applied.add_metric([group, topic], float(count))
    return applied
