"""All metrics of the flow in one scrape; a part that cannot be asked is left out, and what is down says so."""

from collections.abc import Iterable, Iterator

from django.db import DatabaseError
from prometheus_client import REGISTRY
from prometheus_client.core import GaugeMetricFamily, Metric
from prometheus_client.registry import Collector

from streaming import tallies
from streaming.metrics import database, groups, log, relays


class FlowCollector(Collector):
    """Measures at scrape time."""

    def describe(self) -> Iterable[Metric]:
        """Name no metric in advance: to register must not ask the database."""
        return []

    def collect(self) -> Iterator[Metric]:
        """Yield all metrics; without the database, only that it is down."""
        try:
            # All or nothing: half of them would look like a quiet flow.
            measured = [
                *log.metrics(),
                *relays.metrics(),
                *groups.metrics(),
                *groups.lags(),
                *database.metrics(),
                *tallies.metrics(),
            ]
        except DatabaseError:
            measured = []
        yield GaugeMetricFamily("millrace_database_up", "Whether the database answers.", value=int(bool(measured)))
        yield from measured


REGISTRY.register(FlowCollector())
