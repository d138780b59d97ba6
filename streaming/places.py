"""Where the broker's partitions begin, where they end, and which place a moment has in them."""

from collections.abc import Collection, Mapping
from datetime import datetime

from confluent_kafka import OFFSET_BEGINNING, OFFSET_END, Consumer, KafkaException, TopicPartition

from streaming import kafka
from streaming.consuming.offsets import Partition
from streaming.topics import topic_name, without_prefix


def find_ends(partitions: Collection[Partition]) -> Mapping[Partition, tuple[int, int]]:
    """
    Return the offset of the first record that each partition still holds, and the one that comes next.

    :raises KafkaException: if the broker does not answer in time, or does not know a partition.
    """
    # Not the admin client's list_offsets: while leaders are not known yet, it can crash the process (librdkafka 2.16).
    consumer = _new_consumer()
    try:
        firsts, lasts = (_offsets(consumer, partitions, end) for end in (OFFSET_BEGINNING, OFFSET_END))
    finally:
        consumer.close()
    return {partition: (firsts[partition], lasts[partition]) for partition in partitions}


def find_moment(partitions: Collection[Partition], moment: datetime) -> Mapping[Partition, int]:
    """
    Return the offset of the first record of each partition that came to the broker at the moment or after it.

    Where none did, that is the offset that comes next.

    :raises KafkaException: if the broker does not answer in time, or does not know a partition.
    """
    consumer = _new_consumer()
    try:
        found = _offsets(consumer, partitions, int(moment.timestamp() * 1000))
        nexts = _offsets(consumer, [partition for partition in partitions if found[partition] < 0], OFFSET_END)
    finally:
        consumer.close()
    return {**found, **nexts}


def _new_consumer() -> Consumer:
    return kafka.new_consumer(topic_name("places"))


def _offsets(consumer: Consumer, partitions: Collection[Partition], moment: int) -> Mapping[Partition, int]:
    """Ask for the offsets at a moment, in milliseconds; the mark of an end may stand in its place."""
    asked = [TopicPartition(topic_name(topic), number, moment) for topic, number in partitions]
    if not asked:
        consumer.list_topics(timeout=kafka.ANSWER_WITHIN_S)
        return {}
    offsets = {}
    for place in consumer.offsets_for_times(asked, timeout=kafka.ANSWER_WITHIN_S):
        if place.error is not None:
            raise KafkaException(place.error)
        offsets[without_prefix(place.topic), place.partition] = place.offset
    return offsets
