"""How the groups of consumers stand: paused, stopped, behind, with what set aside."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime

from django.db.models import Count, QuerySet

from streaming import topics
from streaming.consuming.offsets import Partition
from streaming.consuming.registry import Group, UnknownGroup, get_group, list_groups
from streaming.errors import GroupNotFound
from streaming.flow import BrokerDown, PartitionLag, measure_lags
from streaming.models import DeadLetter, GroupState, Offset, ParkedKey
from streaming.selectors.letters import OPEN_STATES


@dataclass(frozen=True, slots=True, kw_only=True)
class PartitionStanding:
    """
    Where a group stands in one partition.

    ``next_offset`` is absent where it never read. ``records`` says how many it has still to read, ``oldest_at``
    when the first of them came to the broker (aware, UTC); both are absent while the broker is silent.
    """

    topic: str
    partition: int
    next_offset: int | None
    records: int | None
    oldest_at: datetime | None
    stopped_at: datetime | None
    stop_reason: str


@dataclass(frozen=True, slots=True, kw_only=True)
class GroupStanding:
    """How one group stands; ``paused_at`` and ``oldest_at`` are aware, UTC."""

    group: str
    generation: int
    paused_at: datetime | None
    paused_by: str
    pause_reason: str
    partitions: Sequence[PartitionStanding]
    parked_keys: int
    open_letters: int

    @property
    def records(self) -> int | None:
        """How many records it has still to read; unknown while the broker is silent."""
        known = [partition.records for partition in self.partitions if partition.records is not None]
        return sum(known) if known else None

    @property
    def oldest_at(self) -> datetime | None:
        """When the first record that it has still to read came to the broker."""
        return min((each.oldest_at for each in self.partitions if each.oldest_at), default=None)

    @property
    def stopped(self) -> Sequence[PartitionStanding]:
        """The partitions that it gave up on, until people let them go on."""
        return [partition for partition in self.partitions if partition.stopped_at]


def get_declared_group(name: str) -> Group:
    """
    Return a group that a room declares.

    :raises GroupNotFound: if none does.
    """
    try:
        return get_group(name)
    except UnknownGroup:
        raise GroupNotFound(f"No room declares the group {name}.") from None


def list_group_standings() -> Sequence[GroupStanding]:
    """Return how every declared group stands, sorted by name; of the lags nothing, while the broker is silent."""
    return _standings(list_groups())


def get_group_standing(name: str) -> GroupStanding:
    """
    Return how a group stands.

    :raises GroupNotFound: if no room declares it.
    """
    return _standings([get_declared_group(name)])[0]


def _standings(groups: Sequence[Group]) -> Sequence[GroupStanding]:
    names = [group.name for group in groups]
    states = {state.group: state for state in GroupState.objects.filter(group__in=names)}
    offsets: dict[str, dict[Partition, Offset]] = {name: {} for name in names}
    for offset in Offset.objects.filter(group__in=names):
        offsets[offset.group][offset.topic, offset.partition] = offset
    lags = _lags(names)
    parked = _counts(ParkedKey.objects.filter(group__in=names))
    waiting = _counts(DeadLetter.objects.filter(group__in=names, state__in=OPEN_STATES))
    standings = []
    for group in groups:
        state = states.get(group.name) or GroupState(group=group.name, generation=1)
        standings.append(
            GroupStanding(
                group=group.name,
                generation=state.generation,
                paused_at=state.paused_at,
                paused_by=state.paused_by or "",
                pause_reason=state.reason or "",
                partitions=_partitions(group, offsets[group.name], lags.get(group.name, {})),
                parked_keys=parked.get(group.name, 0),
                open_letters=waiting.get(group.name, 0),
            )
        )
    return standings


def _lags(groups: Sequence[str]) -> Mapping[str, Mapping[Partition, PartitionLag]]:
    """Return the lags of the groups by partition; none, while the broker is silent."""
    try:
        measured = measure_lags(groups)
    except BrokerDown:
        return {}
    return {lag.group: {(each.topic, each.partition): each for each in lag.partitions} for lag in measured}


def _counts(rows: QuerySet[ParkedKey] | QuerySet[DeadLetter]) -> Mapping[str, int]:
    return dict(rows.order_by("group").values_list("group").annotate(Count("group")))


def _partitions(
    group: Group, offsets: Mapping[Partition, Offset], lags: Mapping[Partition, PartitionLag]
) -> Sequence[PartitionStanding]:
    counts = {topic.name: topic.partitions for topic in topics.declared()}
    standings = []
    for place in sorted({(topic, number) for topic in group.topics for number in range(counts[topic])} | set(offsets)):
        offset, lag = offsets.get(place), lags.get(place)
        standings.append(
            PartitionStanding(
                topic=place[0],
                partition=place[1],
                next_offset=offset.next_offset if offset else None,
                records=lag.records if lag else None,
                oldest_at=lag.oldest_at if lag else None,
                stopped_at=offset.stopped_at if offset else None,
                stop_reason=(offset.stop_reason or "") if offset else "",
            )
        )
    return standings
