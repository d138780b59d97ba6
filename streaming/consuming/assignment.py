"""The partitions that are a runner's: which it may read at the moment, from where, and under which epoch."""

import logging
import time
from collections.abc import Callable, Collection, Iterable, Mapping, Sequence
from typing import TypeVar

from confluent_kafka import OFFSET_BEGINNING, Consumer, KafkaException, TopicPartition
from django.db import connection

from edge.transient import is_transient
from streaming import kafka
from streaming.consuming import offsets
from streaming.consuming.offsets import GroupStand, Partition
from streaming.consuming.registry import Group
from streaming.topics import topic_name, without_prefix

logger = logging.getLogger(__name__)

T = TypeVar("T")

LOOK_EVERY_S = 1.0
"""How often a runner looks what people want of its group."""


class Assignment:
    """
    Follows what the broker assigns, and what is stored about the group, for one consumer in its own thread.

    What may not be read (the group is paused, the partition stopped, or not claimed yet) is paused at the client
    while polling goes on, so the membership stays. ``on_claim`` is told which partitions are read from their
    stored place again: what was read of them before is stale.
    """

    def __init__(self, group: Group, consumer: Consumer, on_claim: Callable[[Collection[Partition]], None]) -> None:
        self._group = group
        self._consumer = consumer
        self._on_claim = on_claim
        self._assigned: set[Partition] = set()
        self._epochs: dict[Partition, int] = {}
        self._following: dict[Partition, int] = {}
        self._barred: set[Partition] = set()
        self._stopped: set[Partition] = set()
        self._gone: set[Partition] = set()
        self._doubtful: set[Partition] = set()
        self._is_paused = False
        self._looked_at = -LOOK_EVERY_S

    @property
    def epochs(self) -> Mapping[Partition, int]:
        """The claimed partitions, each with the epoch under which it may be read."""
        return self._epochs

    @property
    def following(self) -> Mapping[Partition, int]:
        """Where each claimed partition stands, as far as this runner knows: elsewhere, it has to be claimed anew."""
        return self._following

    @property
    def barred(self) -> frozenset[Partition]:
        """The assigned partitions that may not be read."""
        return frozenset(self._barred)

    def take_over(self, consumer: Consumer, assigned: Sequence[TopicPartition]) -> None:
        """Begin to read partitions where the group stands in them; called by the client."""
        partitions = {partition_of(place) for place in assigned}
        self._assigned |= partitions
        self._barred -= partitions
        positions = self._trying(lambda: self._claim(partitions)) or {}
        places = [_place(partition, positions.get(partition, 0)) for partition in sorted(partitions)]
        consumer.incremental_assign(places)
        consumer.resume(places)  # one that was lost while it was paused comes back paused.
        self._bar()

    def let_go(self, consumer: Consumer, revoked: Sequence[TopicPartition]) -> None:
        """Forget partitions that are no longer ours; called by the client."""
        for partition in map(partition_of, revoked):
            self._epochs.pop(partition, None)
            self._following.pop(partition, None)
            for marked in (self._assigned, self._barred, self._stopped, self._gone, self._doubtful):
                marked.discard(partition)
        consumer.incremental_unassign(revoked)

    def advance(self, next_offsets: Mapping[Partition, int]) -> None:
        """Note where partitions stand after a batch."""
        self._following.update(next_offsets)

    def pause(self) -> None:
        """Let nothing be read for a while."""
        self._consumer.pause(list(map(_place, self._assigned)))

    def resume(self) -> None:
        """Let be read again what may be read."""
        self._consumer.resume(list(map(_place, self._assigned - self._barred)))

    def give_up(self, partition: Partition) -> None:
        """Stop a partition of which the broker does not have what comes next."""
        if partition in self._epochs:
            self._gone.add(partition)
            self._bar()
            self.look()

    def look_if_due(self) -> None:
        """Look what people want of the group, if that was not done just now."""
        if self._assigned and time.monotonic() - self._looked_at >= LOOK_EVERY_S:
            self.look()

    def look(self) -> None:
        """Look what people want of the group, and follow; if the database is away, some later time."""
        self._looked_at = time.monotonic()
        self._trying(self._follow)
        self._bar()

    def _follow(self) -> None:
        self._store_stops()
        stand = offsets.look(self._group.name)
        if wanted := self._to_be_claimed(stand):
            self._read_on(self._claim(wanted))
        else:
            self._note(stand)

    def _store_stops(self) -> None:
        """Stop for good what was given up; until that is stored, it is not read either."""
        for partition in sorted(self._gone):
            offsets.stop(self._group.name, partition, epoch=self._epochs[partition], reason=self._why_gone(partition))
            self._gone.discard(partition)

    def _to_be_claimed(self, stand: GroupStand) -> set[Partition]:
        """Return what was not claimed yet, was let go on, was moved by people, or went back with the database."""
        wanted = self._assigned - self._epochs.keys()
        differing = set()
        for partition, epoch in self._epochs.items():
            stored = stand.partitions.get(partition)
            if stored is None or (stored.epoch, stored.next_offset) != (epoch, self._following[partition]):
                differing.add(partition)
            elif partition in self._stopped and not stored.is_stopped:
                wanted.add(partition)
        # A new epoch may as well be that of another member: then we are about to hear that it is no longer ours.
        wanted |= differing & self._doubtful
        self._doubtful = differing - wanted
        return wanted

    def _claim(self, partitions: Iterable[Partition]) -> dict[Partition, int]:
        """Claim partitions; return where to read on in each."""
        claimed = offsets.claim(self._group.name, sorted(partitions))
        self._note(offsets.look(self._group.name))
        self._epochs.update({partition: epoch for partition, (_, epoch) in claimed.items()})
        positions = {partition: next_offset for partition, (next_offset, _) in claimed.items()}
        self._following.update(positions)
        self._on_claim(claimed.keys())
        return positions

    def _note(self, stand: GroupStand) -> None:
        self._is_paused = stand.is_paused
        self._stopped = {
            partition
            for partition in self._assigned & stand.partitions.keys()
            if stand.partitions[partition].is_stopped
        }

    def _read_on(self, positions: Mapping[Partition, int]) -> None:
        """Let the client read from these places; assigned anew, as a seek is refused where reading has failed."""
        places = [_place(partition, next_offset) for partition, next_offset in positions.items()]
        self._consumer.incremental_unassign(places)
        self._consumer.incremental_assign(places)
        self._consumer.resume(places)
        self._barred -= positions.keys()

    def _trying(self, follow: Callable[[], T]) -> T | None:
        """Do something with the database; nothing if it is away: the next look tries again."""
        try:
            return follow()
        except Exception as error:
            if not is_transient(error):
                raise
            logger.warning("%s cannot see where it stands: %s", self._group.name, type(error).__name__)
            connection.close()  # the next attempt connects anew.
            return None

    def _bar(self) -> None:
        """Pause what may not be read, and let the rest flow."""
        flowing = set() if self._is_paused else self._epochs.keys() - self._stopped - self._gone
        barred = self._assigned - flowing
        self._consumer.pause(list(map(_place, barred - self._barred)))
        self._consumer.resume(list(map(_place, self._barred - barred)))
        self._barred = barred

    def _why_gone(self, partition: Partition) -> str:
        next_offset = offsets.look(self._group.name).partitions[partition].next_offset
        try:
            first, end = self._consumer.get_watermark_offsets(_place(partition), timeout=kafka.ANSWER_WITHIN_S)
        except KafkaException:
            return f"The topic does not have offset {next_offset}, which is to be read next."
        return f"The topic does not have offset {next_offset}, which is to be read next: it holds {first} to {end - 1}."


def partition_of(place: TopicPartition) -> Partition:
    """Return the partition that the client calls so."""
    return without_prefix(place.topic), place.partition


def _place(partition: Partition, next_offset: int = 0) -> TopicPartition:
    """Return a partition as the client calls it; the offset 0 stands for the earliest that the topic still holds."""
    topic, number = partition
    return TopicPartition(topic_name(topic), number, next_offset or OFFSET_BEGINNING)
