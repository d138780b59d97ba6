"""How data flows, measured: what the relay has still to send, and how far the groups are behind."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime

from confluent_kafka import OFFSET_BEGINNING, OFFSET_END, Consumer, KafkaException, TopicPartition
from django.db import connection

from streaming import kafka
from streaming.consuming.offsets import Partition
from streaming.consuming.registry import list_groups
from streaming.envelope import record_time
from streaming.relaying.ranges import RANGES
from streaming.topics import declared, topic_name, without_prefix

PEEK_WITHIN_S = 1.0


class BrokerDown(Exception):
    """The broker did not answer in time."""


@dataclass(frozen=True, slots=True, kw_only=True)
class RelayFlow:
    """A range of the log: how old its oldest unsent event is, and how many runners it has (two, when all is well)."""

    name: str
    oldest_unsent_at: datetime | None
    runners: int


@dataclass(frozen=True, slots=True, kw_only=True)
class GroupLag:
    """How many records a group has still to read, and when the oldest of them came to the broker."""

    group: str
    records: int
    oldest_at: datetime | None


def measure_relays() -> Sequence[RelayFlow]:
    """Return what each range has still to send."""
    with connection.cursor() as cursor:
        cursor.execute(_RELAYS)
        known = {name: (runners, oldest) for name, runners, oldest in cursor.fetchall()}
        if any(shards.name not in known for shards in RANGES):
            cursor.execute("SELECT min(recorded_at) FROM streaming_event")
            never_sent = cursor.fetchone()[0]
        flows = []
        for shards in RANGES:
            runners, oldest = known.get(shards.name) or (0, never_sent)
            flows.append(RelayFlow(name=shards.name, oldest_unsent_at=oldest, runners=runners))
    return flows


def measure_lags() -> Sequence[GroupLag]:
    """
    Return how far each declared group is behind.

    :raises BrokerDown: if the broker does not answer.
    """
    places = _places()
    try:
        ends = _ends({partition for partitions in places.values() for partition in partitions})
        return [_lag(group, partitions, ends) for group, partitions in places.items()]
    except KafkaException as error:
        raise BrokerDown(str(error)) from error


def _places() -> Mapping[str, Mapping[Partition, int]]:
    """Return where each group stands; one that has never run stands before the first record."""
    partitions = {topic.name: range(topic.partitions) for topic in declared()}
    groups = list_groups()
    places: dict[str, dict[Partition, int]] = {
        group.name: {(topic, number): 0 for topic in group.topics for number in partitions[topic]} for group in groups
    }
    with connection.cursor() as cursor:
        cursor.execute('SELECT "group", topic, partition, next_offset FROM streaming_offset')
        for group, topic, partition, next_offset in cursor.fetchall():
            if group in places:
                places[group][topic, partition] = next_offset
    return places


def _ends(partitions: Iterable[Partition]) -> Mapping[Partition, tuple[int, int]]:
    """Return the offset of the first record that each partition still holds, and the one that comes next."""
    # Not the admin client's list_offsets: while leaders are not known yet, it can crash the process (librdkafka 2.16).
    consumer = kafka.new_consumer("flow", {"group.id": topic_name("flow")})
    try:
        firsts, lasts = (_offsets(consumer, partitions, end) for end in (OFFSET_BEGINNING, OFFSET_END))
    finally:
        consumer.close()
    return {partition: (firsts[partition], lasts[partition]) for partition in partitions}


def _offsets(consumer: Consumer, partitions: Iterable[Partition], end: int) -> Mapping[Partition, int]:
    """Ask for the offsets at one end; its mark stands where a time would."""
    asked = [TopicPartition(topic_name(topic), number, end) for topic, number in partitions]
    if not asked:
        consumer.list_topics(timeout=kafka.ANSWER_WITHIN_S)
        return {}
    offsets = {}
    for place in consumer.offsets_for_times(asked, timeout=kafka.ANSWER_WITHIN_S):
        if place.error is not None:
            raise KafkaException(place.error)
        offsets[without_prefix(place.topic), place.partition] = place.offset
    return offsets


def _lag(group: str, stands: Mapping[Partition, int], ends: Mapping[Partition, tuple[int, int]]) -> GroupLag:
    behind: dict[Partition, int] = {}
    records = 0
    for partition, next_offset in stands.items():
        first, end = ends[partition]
        left = end - max(next_offset, first)
        if left > 0:
            behind[partition] = max(next_offset, first)
            records += left
    return GroupLag(group=group, records=records, oldest_at=_oldest(behind) if behind else None)


def _oldest(behind: Mapping[Partition, int]) -> datetime | None:
    """Read the first record that each lagging partition waits with; the oldest of those that come in time."""
    consumer = kafka.new_consumer("flow", {"group.id": topic_name("flow"), "auto.offset.reset": "earliest"})
    try:
        consumer.assign([TopicPartition(topic_name(topic), number, at) for (topic, number), at in behind.items()])
        messages = consumer.consume(len(behind), PEEK_WITHIN_S)
    finally:
        consumer.close()
    times = [record_time(message.timestamp()[1]) for message in messages if message.error() is None]
    return min(times, default=None)


_RELAYS = """
SELECT r.name, (r.lease_until >= clock_timestamp())::int + (r.standby_until >= clock_timestamp())::int,
    (SELECT min(e.recorded_at) FROM streaming_event e
     WHERE (e.txid >= pg_snapshot_xmax(r.snap) OR e.txid = ANY (ARRAY(SELECT pg_snapshot_xip(r.snap))))
        AND NOT (r.window_snap IS NOT NULL AND pg_visible_in_snapshot(e.txid, r.window_snap) AND e.id <= r.last_id)
        AND e.shard BETWEEN split_part(split_part(r.name, ':', 2), '-', 1)::int
            AND split_part(split_part(r.name, ':', 2), '-', 2)::int)
FROM streaming_relay r WHERE r.name LIKE 'relay:%%'
"""
