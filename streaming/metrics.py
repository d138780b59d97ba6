"""
Metrics of the flow, read from database and broker when they are asked for.

Any process of the platform can answer with them: what they tell of lies in the database, not in a process.
"""

from collections.abc import Iterable, Iterator
from contextlib import suppress

from django.db import DatabaseError, connection
from prometheus_client import REGISTRY
from prometheus_client.core import CounterMetricFamily, GaugeMetricFamily, Metric
from prometheus_client.registry import Collector

from kernel import clock
from streaming.flow import BrokerDown, measure_lags, measure_relays
from streaming.partitions import partition_state


class FlowCollector(Collector):
    """Measures at scrape time; a part that cannot be asked is left out, and ``millrace_broker_up`` says so."""

    def describe(self) -> Iterable[Metric]:
        """Name no metric in advance: to register must not ask the database."""
        return []

    def collect(self) -> Iterator[Metric]:
        """Yield all metrics."""
        with suppress(DatabaseError):
            yield from _log()
            yield from _relays()
            yield from _letters()
            yield from _applied()
            yield from _lags()


def _log() -> Iterator[Metric]:
    state = partition_state()
    with connection.cursor() as cursor:
        cursor.execute("SELECT CASE WHEN is_called THEN last_value ELSE 0 END FROM streaming_event_id_seq")
        (last_id,) = cursor.fetchone()
    yield CounterMetricFamily("millrace_events_recorded", "Ids drawn in the event log.", value=last_id)
    yield GaugeMetricFamily(
        "millrace_partition_days_left", "Days for which the log has partitions.", value=state.days_left
    )
    yield GaugeMetricFamily(
        "millrace_default_partition_rows", "Events that no monthly partition took.", value=state.rows_in_default
    )


def _relays() -> Iterator[Metric]:
    age = GaugeMetricFamily(
        "millrace_oldest_unsent_event_seconds", "Age of the oldest event that is not on the broker.", labels=["relay"]
    )
    runners = GaugeMetricFamily("millrace_relay_runners", "Relays that lead or wait to lead.", labels=["relay"])
    for relay in measure_relays():
        waited = (clock.now() - relay.oldest_unsent_at).total_seconds() if relay.oldest_unsent_at else 0.0
        age.add_metric([relay.name], max(waited, 0.0))
        runners.add_metric([relay.name], relay.runners)
    yield age
    yield runners


def _letters() -> Iterator[Metric]:
    letters = GaugeMetricFamily("millrace_dead_letters", "Records set aside.", labels=["group", "state"])
    parked = GaugeMetricFamily("millrace_parked_keys", "Keys that wait behind a dead letter.", labels=["group"])
    with connection.cursor() as cursor:
        cursor.execute('SELECT "group", state, count(*) FROM streaming_dead_letter GROUP BY 1, 2')
        for group, state, count in cursor.fetchall():
            letters.add_metric([group, state], count)
        cursor.execute('SELECT "group", count(*) FROM streaming_parked_key GROUP BY 1')
        for group, count in cursor.fetchall():
            parked.add_metric([group], count)
    yield letters
    yield parked


def _applied() -> Iterator[Metric]:
    applied = CounterMetricFamily(
        "millrace_records_applied", "Records that a group has dealt with.", labels=["group", "topic"]
    )
    with connection.cursor() as cursor:
        cursor.execute('SELECT "group", topic, sum(next_offset) FROM streaming_offset GROUP BY 1, 2')
        for group, topic, count in cursor.fetchall():
            applied.add_metric([group, topic], float(count))
    yield applied


def _lags() -> Iterator[Metric]:
    records = GaugeMetricFamily("millrace_lag_records", "Records that a group has still to read.", labels=["group"])
    seconds = GaugeMetricFamily("millrace_lag_seconds", "Age of the oldest of these records.", labels=["group"])
    is_up = True
    try:
        for lag in measure_lags():
            records.add_metric([lag.group], lag.records)
            waited = (clock.now() - lag.oldest_at).total_seconds() if lag.oldest_at else 0.0
            seconds.add_metric([lag.group], max(waited, 0.0))
    except BrokerDown:
        is_up = False
    yield GaugeMetricFamily("millrace_broker_up", "Whether the broker answers.", value=int(is_up))
    if is_up:
        yield records
        yield seconds


REGISTRY.register(FlowCollector())
