"""Says what does not flow, for ``/healthz/flow``: for alerts only, as Kafka down must not take the API away."""

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime, timedelta

from streaming.flow import BrokerDown, measure_held, measure_lags, measure_relays
from streaming.models import ParkedKey
from streaming.partitions import partition_state
from streaming.standstills import list_parked_keys, list_paused_groups, list_stopped_partitions

UNSENT_FOR_AT_MOST = timedelta(seconds=30)
"""The objective for the oldest event that has not reached the broker."""
BEHIND_FOR_AT_MOST = timedelta(seconds=30)
"""The objective for the oldest record that a group has not applied."""
GAP_FOR_AT_MOST = timedelta(seconds=60)
"""A missing version may come late, by another partition's way; for longer than this, it is lost."""
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
    return [*_relays(now), *_held(now), *_consumers(now), *_standstills(now), *_partitions()]


def _relays(now: datetime) -> Iterator[Finding]:
    for relay in measure_relays():
        age = now - relay.oldest_unsent_at if relay.oldest_unsent_at else timedelta(0)
        if relay.refusal is not None:
            yield Finding(part=relay.name, detail=f"refuses to publish: {relay.refusal}")
        if age > UNSENT_FOR_AT_MOST:
            yield Finding(part=relay.name, detail=f"the oldest unsent event has waited {_seconds(age)}")
        if not relay.runners:
            yield Finding(part=relay.name, detail="no relay runs")


def _held(now: datetime) -> Iterator[Finding]:
    for held in measure_held():
        yield Finding(
            part=f"topic {held.topic}",
            detail=f"{held.events} events have been held for {_seconds(now - held.since)}: {held.error}",
        )


def _consumers(now: datetime) -> Iterator[Finding]:
    try:
        lags = measure_lags()
    except BrokerDown as error:
        yield Finding(part="broker", detail=f"does not answer: {error}")
        return
    for topic in sorted({topic for lag in lags for topic in lag.missing}):
        yield Finding(part=f"topic {topic}", detail="the broker has no such topic, or does not show it to us")
    for lag in lags:
        age = now - lag.oldest_at if lag.oldest_at else timedelta(0)
        if age > BEHIND_FOR_AT_MOST:
            yield Finding(part=f"group {lag.group}", detail=f"{lag.records} records behind, by {_seconds(age)}")


def _standstills(now: datetime) -> Iterator[Finding]:
    for part in list_stopped_partitions():
        yield Finding(
            part=f"group {part.group}",
            detail=f"stopped at {part.topic}/{part.partition} for {_seconds(now - part.since)}: {part.reason}",
        )
    for paused in list_paused_groups():
        yield Finding(
            part=f"group {paused.group}", detail=f"paused for {_seconds(now - paused.since)}: {paused.reason}"
        )
    for parked in list_parked_keys():
        if parked.cause == ParkedKey.Cause.GAP and now - parked.since > GAP_FOR_AT_MOST:
            yield Finding(
                part=f"group {parked.group}",
                detail=f"{parked.count} keys have waited up to {_seconds(now - parked.since)} for a missing version",
            )


def _partitions() -> Iterator[Finding]:
    state = partition_state()
    if state.rows_in_default:
        yield Finding(part="partitions", detail=f"{state.rows_in_default} events lie in the default partition")
    if state.days_left < DAYS_OF_PARTITIONS:
        yield Finding(part="partitions", detail=f"they reach {state.days_left} days ahead only")


def _seconds(age: timedelta) -> str:
    return f"{age.total_seconds():.0f} s"
