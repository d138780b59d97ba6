"""How data flows, measured: what the relay has still to send, and how far the groups are behind."""

import time
from collections import defaultdict
from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime

from confluent_kafka import KafkaException, TopicPartition
from django.db import connection

from streaming import kafka
from streaming.consuming.offsets import Partition
from streaming.consuming.registry import list_groups
from streaming.envelope import record_time
from streaming.places import find_ends
from streaming.relaying.ranges import ranges
from streaming.relaying.reader import UNPASSED_SQL
from streaming.topics import declared, topic_name, without_prefix

PEEK_WITHIN_S = 2.0
"""How long the first waiting records of all groups together may take to read; what is late has no age then."""


class BrokerDown(Exception):
    """The broker did not answer in time."""


@dataclass(frozen=True, slots=True, kw_only=True)
class RelayFlow:
    """
    A range of the log: how old its oldest unsent event is, and how many runners it has (two, when all is well).

    ``refusal`` says why it is not published at all, if the relay found that this may be another database's log.
    """

    name: str
    oldest_unsent_at: datetime | None
    runners: int
    refusal: str | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class HeldTopic:
    """A broken topic: how many events wait for it, since when the first of them does, and what is wrong."""

    topic: str
    events: int
    since: datetime
    error: str


@dataclass(frozen=True, slots=True, kw_only=True)
class PartitionLag:
    """How many records of a partition a group has still to read, and when the oldest of them came to the broker."""

    topic: str
    partition: int
    next_offset: int
    records: int
    oldest_at: datetime | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class GroupLag:
    """How far a group is behind, partition by partition; ``missing`` are topics that the broker does not have."""

    group: str
    partitions: Sequence[PartitionLag]
    missing: Sequence[str] = ()

    @property
    def records(self) -> int:
        """The records that it has still to read."""
        return sum(partition.records for partition in self.partitions)

    @property
    def oldest_at(self) -> datetime | None:
        """When the oldest of them came to the broker."""
        return min((lag.oldest_at for lag in self.partitions if lag.oldest_at), default=None)


def measure_relays() -> Sequence[RelayFlow]:
    """Return what each range has still to send."""
    with connection.cursor() as cursor:
        cursor.execute(_RELAYS)
        known = {name: flow for name, *flow in cursor.fetchall()}
        if any(shards.name not in known for shards in ranges()):
            cursor.execute("SELECT min(recorded_at) FROM streaming_event")
            never_sent = cursor.fetchone()[0]
        flows = []
        for shards in ranges():
            runners, refusal, oldest = known.get(shards.name) or (0, None, never_sent)
            flows.append(RelayFlow(name=shards.name, oldest_unsent_at=oldest, runners=runners, refusal=refusal))
    return flows


def measure_held() -> Sequence[HeldTopic]:
    """Return the topics whose events wait while the others flow."""
    with connection.cursor() as cursor:
        cursor.execute(_HELD)
        return [
            HeldTopic(topic=topic, events=events, since=since, error=error)
            for topic, events, since, error in cursor.fetchall()
        ]


def measure_lags(groups: Collection[str] | None = None) -> Sequence[GroupLag]:
    """
    Return how far the named groups are behind, or each declared one.

    :raises BrokerDown: if the broker does not answer.
    """
    stands = _stands(groups)
    try:
        ends = _ends({partition for partitions in stands.values() for partition in partitions})
        lags = {group: _lags(partitions, ends) for group, partitions in stands.items()}
        times = _times_of({_front(lag) for each in lags.values() for lag in each if lag.records})
    except KafkaException as error:
        raise BrokerDown(str(error)) from error
    return [
        GroupLag(
            group=group,
            partitions=[replace(lag, oldest_at=times.get(_front(lag))) for lag in each],
            missing=sorted({topic for topic, _ in stands[group].keys() - ends.keys()}),
        )
        for group, each in lags.items()
    ]


def _stands(names: Collection[str] | None) -> Mapping[str, Mapping[Partition, int]]:
    """Return where each group stands in its topics; one that has never run stands before the first record."""
    partitions = {topic.name: range(topic.partitions) for topic in declared()}
    groups = {group.name: group for group in list_groups() if names is None or group.name in names}
    stands: dict[str, dict[Partition, int]] = {
        name: {(topic, number): 0 for topic in group.topics for number in partitions[topic]}
        for name, group in groups.items()
    }
    with connection.cursor() as cursor:
        cursor.execute('SELECT "group", topic, partition, next_offset FROM streaming_offset')
        for group, topic, partition, next_offset in cursor.fetchall():
            if group in groups and topic in groups[group].topics:  # it may have read others once.
                stands[group][topic, partition] = next_offset
    return stands


def _ends(partitions: Collection[Partition]) -> Mapping[Partition, tuple[int, int]]:
    """Ask for the ends of the partitions of those topics that the broker has."""
    try:
        return find_ends(partitions)
    except KafkaException as error:
        if not kafka.is_of_topic(error.args[0]):
            raise
    consumer = kafka.new_consumer(topic_name("flow"))
    try:
        present = {
            topic
            for topic in {topic for topic, _ in partitions}
            if kafka.has_topic(consumer, topic_name(topic), within_s=kafka.ANSWER_WITHIN_S)
        }
    finally:
        consumer.close()
    return find_ends({(topic, number) for topic, number in partitions if topic in present})


def _lags(stands: Mapping[Partition, int], ends: Mapping[Partition, tuple[int, int]]) -> list[PartitionLag]:
    lags = []
    for (topic, number), next_offset in sorted(stands.items()):
        if (topic, number) not in ends:
            continue
        first, end = ends[topic, number]
        front = max(next_offset, first)
        lags.append(PartitionLag(topic=topic, partition=number, next_offset=front, records=max(end - front, 0)))
    return lags


def _front(lag: PartitionLag) -> tuple[Partition, int]:
    return (lag.topic, lag.partition), lag.next_offset


def _times_of(fronts: Iterable[tuple[Partition, int]]) -> Mapping[tuple[Partition, int], datetime]:
    """Read the record at each place, or the next one after it, and return when it came; of those that come in time."""
    waiting = defaultdict(list)
    for partition, offset in sorted(fronts):
        waiting[partition].append(offset)
    times: dict[tuple[Partition, int], datetime] = {}
    until = time.monotonic() + PEEK_WITHIN_S
    while waiting and time.monotonic() < until:
        # One place of each partition at a time: groups may stand at different places of the same one.
        asked = {partition: offsets.pop() for partition, offsets in waiting.items()}
        waiting = defaultdict(list, {partition: offsets for partition, offsets in waiting.items() if offsets})
        found = _peek(asked, until)
        times |= {(partition, asked[partition]): came_at for partition, came_at in found.items()}
    return times


def _peek(places: Mapping[Partition, int], until: float) -> Mapping[Partition, datetime]:
    consumer = kafka.new_consumer(topic_name("flow"), _PEEKING)
    found: dict[Partition, datetime] = {}
    try:
        consumer.assign([TopicPartition(topic_name(topic), number, at) for (topic, number), at in places.items()])
        while len(found) < len(places) and (left := until - time.monotonic()) > 0:
            for message in consumer.consume(len(places), min(left, 0.1)):
                partition = without_prefix(message.topic()), message.partition()
                if message.error() is None and partition not in found:
                    found[partition] = record_time(message.timestamp()[1])
                    consumer.incremental_unassign([TopicPartition(message.topic(), message.partition())])
    finally:
        consumer.close()
    return found


_PEEKING = {"auto.offset.reset": "earliest", "queued.min.messages": 1, "fetch.wait.max.ms": 10}

_RELAYS = f"""
SELECT r.name, (r.lease_until >= clock_timestamp())::int + (r.standby_until >= clock_timestamp())::int,
    CASE WHEN r.refused_at IS NOT NULL THEN coalesce(r.refusal, '') END,
    (SELECT min(e.recorded_at) FROM streaming_event e WHERE {UNPASSED_SQL})
FROM streaming_relay r WHERE r.name LIKE 'relay:%%'
"""

# Of the first event, as a later one may be refused for a reason of its own.
_HELD = """
SELECT topic, count(*), min(held_at), (array_agg(error ORDER BY id))[1] FROM streaming_held GROUP BY 1 ORDER BY 1
"""
