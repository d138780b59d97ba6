"""What long transactions and frequent updates do to the database."""

from collections.abc import Iterator

from django.db import connection
from prometheus_client.core import GaugeMetricFamily, Metric


def metrics() -> Iterator[Metric]:
    """Yield what the database's own statistics tell of the log's tables and of the platform's sessions."""
    dead = GaugeMetricFamily(
        "millrace_dead_tuples", "Row versions that nobody needs and vacuum has not removed yet.", labels=["table"]
    )
    with connection.cursor() as cursor:
        cursor.execute(_DEAD_TUPLES)
        for table, count in cursor.fetchall():
            dead.add_metric([table], count)
        cursor.execute(_OLDEST_TRANSACTION)
        (oldest_s,) = cursor.fetchone()
    yield dead
    yield GaugeMetricFamily(
        "millrace_oldest_transaction_seconds",
        "Age of the oldest open or prepared transaction that the platform's role may see.",
        value=oldest_s,
    )


_DEAD_TUPLES = """
SELECT relname, n_dead_tup FROM pg_stat_user_tables
WHERE relname IN ('streaming_relay', 'streaming_offset', 'streaming_stream', 'streaming_tally') ORDER BY 1
"""

# Of other roles' sessions PostgreSQL shows the beginning to members of pg_read_all_stats only.
_OLDEST_TRANSACTION = """
SELECT coalesce(extract(epoch FROM clock_timestamp() - min(began_at)), 0)::float8 FROM (
    SELECT xact_start FROM pg_stat_activity WHERE datname = current_database() AND pid <> pg_backend_pid()
    UNION ALL SELECT prepared FROM pg_prepared_xacts WHERE database = current_database()) AS open(began_at)
"""
