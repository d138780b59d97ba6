"""The relay: what it has still to send, who runs it, and what it cannot send."""

from collections.abc import Iterator
from datetime import timedelta

from django.db import connection
from prometheus_client.core import CounterMetricFamily, GaugeMetricFamily, Metric

from kernel import clock
from streaming.flow import measure_held, measure_relays


def metrics() -> Iterator[Metric]:
    """Yield what tells of each range, and of each topic that is held."""
    age = GaugeMetricFamily(
        "millrace_oldest_unsent_event_seconds", "Age of the oldest event that is not on the broker.", labels=["relay"]
    )
    runners = GaugeMetricFamily("millrace_relay_runners", "Relays that lead or wait to lead.", labels=["relay"])
    refused = GaugeMetricFamily(
        "millrace_relay_refused", "Whether the relay refuses to publish this database's log.", labels=["relay"]
    )
    for relay in measure_relays():
        waited = clock.now() - relay.oldest_unsent_at if relay.oldest_unsent_at else timedelta(0)
        age.add_metric([relay.name], max(waited.total_seconds(), 0.0))
        runners.add_metric([relay.name], relay.runners)
        refused.add_metric([relay.name], int(relay.refusal is not None))
    yield age
    yield runners
    yield refused
    yield _lease_changes()
    yield from _held()


def _lease_changes() -> Metric:
    changes = CounterMetricFamily(
        "millrace_relay_lease_changes", "How often somebody took the lease of a range.", labels=["relay"]
    )
    with connection.cursor() as cursor:
        cursor.execute("SELECT name, epoch FROM streaming_relay WHERE name LIKE 'relay:%%' ORDER BY 1", [])
        for name, epoch in cursor.fetchall():
            changes.add_metric([name], epoch)
    return changes


def _held() -> Iterator[Metric]:
    events = GaugeMetricFamily("millrace_held_events", "Events that wait for their broken topic.", labels=["topic"])
    since = GaugeMetricFamily("millrace_held_seconds", "For how long the first of them has waited.", labels=["topic"])
    for held in measure_held():
        events.add_metric([held.topic], held.events)
        since.add_metric([held.topic], max((clock.now() - held.since).total_seconds(), 0.0))
    yield events
    yield since
