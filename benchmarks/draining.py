"""Watches work that others do from outside: how many records are on a topic, how far a group has read."""

import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager

import psycopg
from confluent_kafka import OFFSET_END, Consumer, KafkaException, TopicPartition

from benchmarks.measure import Sample, Stretch
from benchmarks.surroundings import Bench
from streaming import kafka
from streaming.topics import declared, topic_name

LOOK_EVERY_S = 0.01
WITHIN_S = 300.0
TOPICS_WITHIN_S = 30.0

Count = Callable[[], int]


@contextmanager
def records_on(topic: str) -> Iterator[Count]:
    """Offer how many records a topic has ever had."""
    with _consumer() as consumer:
        yield lambda: sum(_ends(consumer, topic).values())


def ends_of(topic: str) -> dict[int, int]:
    """Return the next offset of each partition."""
    with _consumer() as consumer:
        return _ends(consumer, topic)


@contextmanager
def offsets_of(bench: Bench, group: str, topic: str) -> Iterator[Count]:
    """Offer the sum of a group's stored offsets on a topic: what it has applied grows with it."""
    with psycopg.connect(bench.admin_url, autocommit=True) as connection:

        def applied() -> int:
            row = connection.execute(_OFFSETS, [group, topic]).fetchone()
            return int(row[0]) if row else 0

        yield applied


def rate_of(bench: Bench, count: Count, *, begin: int, end: int) -> Sample:
    """
    Wait until a count has gone from ``begin`` to ``end`` and return how much of it came in a second.

    The time runs from the last look that saw nothing new, so starting up does not count, and the first step does.

    :raises TimeoutError: if it takes five minutes.
    """
    began_at = wait_until(lambda: count() > begin)
    taken = Stretch(bench.parts)
    wait_until(lambda: count() >= end)
    seconds = time.monotonic() - began_at
    taken.end()
    return taken.sample((end - begin) / seconds)


def wait_until(is_true: Callable[[], bool]) -> float:
    """
    Wait until something is true and return when it was last seen not to be.

    :raises TimeoutError: if it takes five minutes.
    """
    deadline = time.monotonic() + WITHIN_S
    last_false_at = time.monotonic()
    while not is_true():
        last_false_at = time.monotonic()
        if last_false_at > deadline:
            raise TimeoutError(f"not done within {WITHIN_S:.0f} s")
        time.sleep(LOOK_EVERY_S)
    return last_false_at


@contextmanager
def _consumer() -> Iterator[Consumer]:
    consumer = kafka.new_consumer(topic_name("benchmark"))
    try:
        yield consumer
    finally:
        consumer.close()


def _ends(consumer: Consumer, topic: str) -> dict[int, int]:
    """Ask with a consumer that is kept: to make a new one for each look would cost more than what is watched."""
    partitions = next(one.partitions for one in declared() if one.name == topic)
    asked = [TopicPartition(topic_name(topic), number, OFFSET_END) for number in range(partitions)]
    deadline = time.monotonic() + TOPICS_WITHIN_S
    while True:
        try:
            places = consumer.offsets_for_times(asked, timeout=10)
        except KafkaException:  # a broker has many words for a topic that has just been made.
            if time.monotonic() > deadline:
                raise
            time.sleep(LOOK_EVERY_S)
            consumer.list_topics(topic_name(topic), timeout=10)  # without this the client keeps what it heard first.
        else:
            return {place.partition: place.offset for place in places}


_OFFSETS = 'SELECT coalesce(sum(next_offset), 0) FROM streaming_offset WHERE "group" = %s AND topic = %s'
