"""Says what does not flow, for ``/healthz/flow``: for alerts only, as Kafka down must not take the API away."""

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime, timedelta

from streaming.flow import BrokerDown, measure_lags, measure_relays
from streaming.partitions import partition_state

UNSENT_FOR_AT_MOST = timedelta(seconds=30)
"""The objective for the oldest event that has not reached the broker."""
BEHIND_FOR_AT_MOST = timedelta(seconds=30)
"""The objective for the oldest record that a group has not applied."""
DAYS_OF_PARTITIONS = 60
"""The task that makes partitions must have failed for months to come below this."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Finding:
    """A part that does not do its work, and in what way; all strings, for a JSON answer."""

    part: str
    detail: str


def flow(now: datetime) -> list[Finding]:
    """
    Return what is wrong with the flow of data; nothing, when all is well.

    ``now`` is compared with times that database and broker noted.

    :raises DatabaseError: if the database cannot be asked.
    """
    return [*_relays(now), *_consumers(now), *_partitions()]


def _relays(now: datetime) -> Iterator[Finding]:
    for relay in measure_relays():
        age = now - relay.oldest_unsent_at if relay.oldest_unsent_at else timedelta(0)
        if age > UNSENT_FOR_AT_MOST:
            yield Finding(part=relay.name, detail=f"the oldest unsent event has waited {age.total_seconds():.0f} s")
        if not relay.runners:
            yield Finding(part=relay.name, detail="no relay runs")


def _consumers(now: datetime) -> Iterator[Finding]:
    try:
        lags = measure_lags()
    except BrokerDown as error:
        yield Finding(part="broker", detail=f"does not answer: {error}")
        return
    for lag in lags:
        age = now - lag.oldest_at if lag.oldest_at else timedelta(0)
        if age > BEHIND_FOR_AT_MOST:
            yield Finding(
                part=f"group {lag.group}", detail=f"{lag.records} records behind, by {age.total_seconds():.0f} s"
            )


def _partitions() -> Iterator[Finding]:
    state = partition_state()
    if state.rows_in_default:
        yield Finding(part="partitions", detail=f"{state.rows_in_default} events lie in the default partition")
    if state.days_left < DAYS_OF_PARTITIONS:
        yield Finding(part="partitions", detail=f"they reach {state.days_left} days ahead only")
