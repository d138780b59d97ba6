"""Finds the records of events on the broker, without an index: by key and time."""

import time
from collections import defaultdict
from collections.abc import Collection, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from uuid import UUID

from confluent_kafka import KafkaException, Message, TopicPartition

from streaming import kafka
from streaming.consuming.offsets import Partition
from streaming.envelope import decode_headers, record_time
from streaming.flow import BrokerDown
from streaming.places import find_ends, find_moment
from streaming.topics import declared, topic_name, without_prefix

SEARCH_WITHIN_S = 10.0
"""A record that was sent long after it was recorded may be further away than this lets the search come."""
CLOCKS_DIFFER_BY = timedelta(seconds=5)
"""The broker's clock may be behind the database's."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Sought:
    """What is known of a record before it is found."""

    event_id: UUID
    topic: str
    key: str
    recorded_at: datetime


@dataclass(frozen=True, slots=True, kw_only=True)
class Place:
    """Where a record lies, and when it came there."""

    partition: int
    offset: int
    at: datetime


def find_places(sought: Sequence[Sought]) -> Mapping[UUID, Place]:
    """
    Return the places of records: of those that were sent, that the topics still hold, and that are found in time.

    A record that was sent twice is found where it came first.

    :raises BrokerDown: if the broker does not answer.
    """
    wanted: dict[Partition, list[Sought]] = defaultdict(list)
    partitions = {topic.name: topic.partitions for topic in declared()}
    for each in sought:
        if each.topic in partitions:
            wanted[each.topic, partition_of(each.key, partitions[each.topic])].append(each)
    try:
        return _search(wanted) if wanted else {}
    except KafkaException as error:
        raise BrokerDown(str(error)) from error


def partition_of(key: str, partitions: int) -> int:
    """Return the partition that a key belongs to, as the relay's producer and Java's clients choose it."""
    return (_murmur2(key.encode()) & 0x7FFFFFFF) % partitions


def _search(wanted: Mapping[Partition, Sequence[Sought]]) -> Mapping[UUID, Place]:
    partitions = list(wanted)
    earliest = min(each.recorded_at for group in wanted.values() for each in group) - CLOCKS_DIFFER_BY
    begins, ends = find_moment(partitions, earliest), find_ends(partitions)
    sought = {partition: {each.event_id for each in group} for partition, group in wanted.items()}
    places: dict[UUID, Place] = {}
    for partition, message in _read({each: (begins[each], ends[each][1]) for each in partitions}, sought):
        event_id = _event_id(message)
        if event_id in sought[partition]:
            sought[partition].discard(event_id)
            places[event_id] = Place(
                partition=partition[1], offset=message.offset(), at=record_time(message.timestamp()[1])
            )
    return places


def _read(
    spans: Mapping[Partition, tuple[int, int]], sought: Mapping[Partition, Collection[UUID]]
) -> Iterator[tuple[Partition, Message]]:
    """Yield what lies between two offsets of each partition, as long as something is sought there, and time is left."""
    left = {partition for partition, (begin, end) in spans.items() if begin < end}
    until = time.monotonic() + SEARCH_WITHIN_S
    consumer = kafka.new_consumer(topic_name("search"), {"auto.offset.reset": "earliest"})
    try:
        consumer.assign([TopicPartition(topic_name(topic), n, spans[topic, n][0]) for topic, n in sorted(left)])
        while left and time.monotonic() < until:
            for message in consumer.consume(500, 0.1):
                if message.error() is not None:
                    raise KafkaException(message.error())
                partition = without_prefix(message.topic()), message.partition()
                yield partition, message
                is_over = message.offset() >= spans[partition][1] - 1 or not sought[partition]
                if is_over and partition in left:
                    left.discard(partition)
                    consumer.incremental_unassign([TopicPartition(message.topic(), message.partition())])
    finally:
        consumer.close()


def _event_id(message: Message) -> UUID | None:
    try:
        return UUID(decode_headers(message.headers())["ce_id"])
    except (KeyError, ValueError):
        return None  # of somebody else.


def _murmur2(key: bytes) -> int:
    """Return the hash by which Kafka's own clients spread keys: MurmurHash2 of 32 bits, with their seed."""
    mix, mask = 0x5BD1E995, 0xFFFFFFFF
    value = 0x9747B28C ^ len(key)
    whole = len(key) - len(key) % 4
    for place in range(0, whole, 4):
        word = int.from_bytes(key[place : place + 4], "little") * mix & mask
        word = (word ^ word >> 24) * mix & mask
        value = value * mix & mask ^ word
    if rest := key[whole:]:
        value = (value ^ int.from_bytes(rest, "little")) * mix & mask
    value = (value ^ value >> 13) * mix & mask
    return value ^ value >> 15
