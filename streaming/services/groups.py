"""To pause a group of consumers, let it go on, and move it to another place of its topics."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Literal, TypeAlias

from confluent_kafka import KafkaException
from django.db import connection, transaction
from django.db.models import Func

from kernel import context
from streaming import outbox, places, topics
from streaming.consuming.offsets import Partition
from streaming.errors import (
    BrokerSilent,
    GroupIsPaused,
    GroupMustBePaused,
    NothingToResume,
    PartitionNotStopped,
    PlaceNotFound,
)
from streaming.events import Event, GroupMoved, GroupPaused, GroupResumed, PartitionReleased
from streaming.models import GroupState, Offset
from streaming.selectors import get_declared_group
from streaming.services.reasons import stated

Destination: TypeAlias = Literal["earliest", "latest"] | int | datetime
"""Where to read on: what the topic still holds, what comes from now on, an offset, or what came since a moment."""

EARLIEST = 0
"""Stands for the earliest record that a partition still holds, whatever its offset."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Move:
    """A partition that a group reads on elsewhere; ``from_offset`` is absent where it never read."""

    topic: str
    partition: int
    from_offset: int | None
    to_offset: int

    def __str__(self) -> str:
        start = "–" if self.from_offset is None else self.from_offset
        return f"{self.topic}/{self.partition}: {start} → {self.to_offset or 'earliest'}"


@transaction.atomic
def pause_group(*, group: str, reason: str, now: datetime) -> None:
    """
    Let a group read nothing until it is resumed; what its members have begun, they finish.

    They stay members, so that nothing is rebalanced, and notice within seconds.

    :raises ReasonMissing: if no reason is given.
    :raises GroupNotFound: if no room declares the group.
    :raises GroupIsPaused: if it is paused already.
    """
    why = stated(reason)
    state = _lock_group(get_declared_group(group).name)
    if state.paused_at is not None:
        raise GroupIsPaused(group=group)
    state.paused_at, state.paused_by, state.reason = now, context.current().actor, why
    state.save(update_fields=["paused_at", "paused_by", "reason"])
    outbox.record(GroupPaused(occurred_at=now, group=group, reason=why))


@transaction.atomic
def resume_group(*, group: str, reason: str, now: datetime) -> None:
    """
    Let a group read again from where it stands, and with it every partition that it had given up on.

    :raises ReasonMissing: if no reason is given.
    :raises GroupNotFound: if no room declares the group.
    :raises NothingToResume: if it is not paused and none of its partitions was stopped.
    """
    why = stated(reason)
    state = _lock_group(get_declared_group(group).name)
    stopped = Offset.objects.select_for_update().filter(group=group, stopped_at__isnull=False)
    resumed: list[Event] = [_release(offset, why, now) for offset in stopped.order_by("topic", "partition")]
    if state.paused_at is not None:
        state.paused_at = state.paused_by = state.reason = None
        state.save(update_fields=["paused_at", "paused_by", "reason"])
        resumed.append(GroupResumed(occurred_at=now, group=group, reason=why))
    if not resumed:
        raise NothingToResume(group=group)
    outbox.record_many(resumed)


@transaction.atomic
def let_partition_go_on(*, group: str, topic: str, partition: int, reason: str, now: datetime) -> None:
    """
    Let a group read on in a partition that it had given up on; its members notice within seconds.

    :raises ReasonMissing: if no reason is given.
    :raises GroupNotFound: if no room declares the group.
    :raises PartitionNotStopped: if it was not stopped.
    """
    why = stated(reason)
    get_declared_group(group)
    found = Offset.objects.select_for_update().filter(group=group, topic=topic, partition=partition).first()
    if found is None or found.stopped_at is None:
        raise PartitionNotStopped(group=group, topic=topic, partition=partition)
    outbox.record(_release(found, why, now))


def seek_group(
    *, group: str, to: Destination, reason: str, now: datetime, partition: Partition | None = None
) -> Sequence[Move]:
    """
    Let a paused group read on elsewhere, in all of its partitions or in one (topic and number); return the moves.

    Whoever reads for it now is fenced off; what it has had already, its inbox drops. A partition that was stopped
    may be moved though the group is not paused; it stays stopped until it is let go on.

    :raises ReasonMissing: if no reason is given.
    :raises GroupNotFound: if no room declares the group.
    :raises PlaceNotFound: if the group does not read that partition, or the partition has no such place.
    :raises BrokerSilent: if the broker is needed to find the place and does not answer.
    :raises GroupMustBePaused: if the group is not paused.
    """
    why = stated(reason)
    readable = _partitions_of(group)
    if partition is not None and partition not in readable:
        raise PlaceNotFound(f"The group {group} does not read {partition[0]}/{partition[1]}.")
    if isinstance(to, int) and partition is None:
        raise PlaceNotFound("An offset means something in one partition only: name it.")
    targets = _resolve(readable if partition is None else [partition], to)
    return _move(group, targets, to, why, now)


def _partitions_of(group: str) -> Sequence[Partition]:
    counts = {topic.name: topic.partitions for topic in topics.declared()}
    return [(topic, number) for topic in sorted(get_declared_group(group).topics) for number in range(counts[topic])]


def _resolve(partitions: Sequence[Partition], to: Destination) -> Mapping[Partition, int]:
    """Turn a destination into offsets; outside any transaction, as it asks the broker."""
    if to == "earliest":
        return dict.fromkeys(partitions, EARLIEST)
    try:
        if isinstance(to, datetime):
            return places.find_moment(partitions, to)
        ends = places.find_ends(partitions)
    except KafkaException as error:
        raise BrokerSilent(error=str(error)) from error
    if to == "latest":
        return {partition: end for partition, (_, end) in ends.items()}
    assert isinstance(to, int), "what else is left"
    for (topic, number), (first, end) in ends.items():
        if not first <= to <= end:
            raise PlaceNotFound(f"{topic}/{number} holds the offsets from {first}; the next one is {end}.")
    return dict.fromkeys(partitions, to)


@transaction.atomic
def _move(group: str, targets: Mapping[Partition, int], to: Destination, reason: str, now: datetime) -> Sequence[Move]:
    is_paused = _lock_group(group).paused_at is not None
    stands = {
        (row.topic, row.partition): row
        for row in Offset.objects.select_for_update().filter(group=group).order_by("topic", "partition")
    }
    moves = []
    for (topic, number), to_offset in sorted(targets.items()):
        stand = stands.get((topic, number))
        if not is_paused and (stand is None or stand.stopped_at is None):
            raise GroupMustBePaused(group=group)
        from_offset = None if stand is None else stand.next_offset
        moves.append(Move(topic=topic, partition=number, from_offset=from_offset, to_offset=to_offset))
    _store(group, moves)
    outbox.record(
        GroupMoved(
            occurred_at=now,
            group=group,
            destination=to.isoformat() if isinstance(to, datetime) else str(to),
            places=tuple(map(str, moves)),
            reason=reason,
        )
    )
    return moves


def _lock_group(group: str) -> GroupState:
    """Lock what people said of a group; a row for it is made when they first say something."""
    GroupState.objects.bulk_create([GroupState(group=group, generation=1)], ignore_conflicts=True)
    return GroupState.objects.select_for_update().get(group=group)


def _release(offset: Offset, reason: str, now: datetime) -> PartitionReleased:
    """Take the stop away from a locked partition, and return what is to be recorded."""
    stop_reason = offset.stop_reason or ""
    Offset.objects.filter(pk=offset.pk).update(
        stopped_at=None, stop_reason=None, released_at=Func(function="clock_timestamp")
    )
    return PartitionReleased(
        occurred_at=now,
        group=offset.group,
        partition=f"{offset.topic}/{offset.partition}",
        stop_reason=stop_reason,
        reason=reason,
    )


def _store(group: str, moves: Sequence[Move]) -> None:
    columns = [move.topic for move in moves], [move.partition for move in moves], [move.to_offset for move in moves]
    with connection.cursor() as cursor:
        cursor.execute(_MOVE, [group, *columns])


# A new epoch: a member that is in the middle of a batch of the old place stores nothing any more.
_MOVE = """
INSERT INTO streaming_offset AS o ("group", topic, partition, next_offset, epoch)
SELECT %s, *, 1 FROM unnest(%s::text[], %s::int[], %s::bigint[])
ON CONFLICT ("group", topic, partition) DO UPDATE SET next_offset = excluded.next_offset, epoch = o.epoch + 1
"""
