"""The event log: how much was recorded, and whether there is room for what comes."""

from collections.abc import Iterator

from django.db import connection
from prometheus_client.core import CounterMetricFamily, GaugeMetricFamily, Metric

from streaming.partitions import partition_state


def metrics() -> Iterator[Metric]:
    """Yield what tells of the log itself."""
    state = partition_state()
    with connection.cursor() as cursor:
        cursor.execute("SELECT CASE WHEN is_called THEN last_value ELSE 0 END FROM streaming_event_id_seq")
        (last_id,) = cursor.fetchone()
    yield CounterMetricFamily("millrace_events_recorded", "Ids drawn in the event log.", value=last_id)
    yield GaugeMetricFamily(
        "millrace_partition_days_left", "Days for which the log has partitions.", value=state.days_left
    )
    yield GaugeMetricFamily(
        "millrace_partitions_attached", "Partitions of the log that each poll looks at.", value=state.attached
    )
    yield GaugeMetricFamily(
        "millrace_default_partition_rows", "Events that no monthly partition took.", value=state.rows_in_default
    )
