"""Tells when what the core said has passed through the platform: read, recorded, relayed, and read again."""

import time
from collections.abc import Iterator

from bankcore import events
from streaming.consuming.registry import list_groups
from streaming.flow import BrokerDown, measure_lags, measure_relays

_LOOK_EVERY_S = 0.25
_IN_A_ROW = 2
"""A record may be between two measurements, but not between two rounds of them."""


class NothingArrives(Exception):
    """The platform did not take in the core's history in time: consumers or the relay may not be running."""


def watch_arrival(*, within_s: float) -> Iterator[int]:
    """
    Yield how many records are still under way, until there are none.

    :raises NothingArrives: if that takes longer than ``within_s``.
    """
    deadline, quiet = time.monotonic() + within_s, 0
    while quiet < _IN_A_ROW:
        under_way = _records_under_way()
        quiet = quiet + 1 if under_way == 0 else 0
        yield under_way
        if time.monotonic() > deadline:
            raise NothingArrives("the history did not arrive in time: do `consume` and `relay` run?")
        time.sleep(_LOOK_EVERY_S)


def _records_under_way() -> int:
    """Count what groups have still to read; one that never ran, an unsent event, a silent broker count as one each."""
    try:
        lags = {lag.group: lag.records for lag in measure_lags()}
    except BrokerDown:
        return 1
    waiting = sum(lags.get(name, 1) for name in _groups_that_read_the_core())
    return waiting + sum(relay.oldest_unsent_at is not None for relay in measure_relays())


def _groups_that_read_the_core() -> Iterator[str]:
    told = {*events.CDC_TOPICS, *(event.topic for event in _EVENTS)}
    return (group.name for group in list_groups() if group.topics & told)


_EVENTS = (
    events.AccountChanged,
    events.PartyChanged,
    events.HolderChanged,
    events.BalanceChanged,
    events.TransactionChanged,
)
