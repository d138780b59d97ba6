"""Topics as anybody may use them: made, read and written by plain clients that know nothing of the platform."""

import time
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from typing import Any
from uuid import uuid4

from confluent_kafka import Consumer, KafkaException, Producer, TopicPartition
from confluent_kafka.admin import AdminClient, NewTopic

from tests.faults.timing import wait_until

READ_WITHIN_S = 60.0
ANY_PARTITION = -1
"""Written where a record of its key belongs."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Record:
    """A record as it lies on a partition."""

    partition: int
    offset: int
    key: str
    value: bytes
    headers: dict[str, str]

    @property
    def version(self) -> int:
        """The version of its aggregate."""
        return int(self.headers["aggregate-version"])


def make_topics(bootstrap: str, names: Sequence[str], *, partitions: int, **config: str) -> None:
    """Make topics and wait until their leaders are known; ``config`` with underscores for dots."""
    admin = AdminClient({"bootstrap.servers": bootstrap, "log_level": 0})
    settings = {name.replace("_", "."): value for name, value in config.items()}
    topics = [NewTopic(name, num_partitions=partitions, replication_factor=1, config=settings) for name in names]
    for made in admin.create_topics(topics, request_timeout=30).values():
        made.result()
    with_leaders = [f"{name}/{number}" for name in names for number in range(partitions)]
    wait_until(lambda: set(with_leaders) <= _led(admin), "the new topics have no leaders")


def read_topic(bootstrap: str, name: str, *, isolation: str = "read_committed") -> list[Record]:
    """Return all that a topic holds, partition by partition."""
    return list(iterate_topic(bootstrap, name, isolation=isolation))


def iterate_topic(bootstrap: str, name: str, *, isolation: str = "read_committed") -> Iterator[Record]:
    """Yield all that a topic holds by now, partition by partition."""
    consumer = _consumer(bootstrap, isolation)
    try:
        for number, (first, end) in sorted(_bounds(consumer, name).items()):
            yield from _read(consumer, TopicPartition(name, number, first), end)
    finally:
        consumer.close()


def ends(bootstrap: str, name: str) -> dict[int, int]:
    """Return the offset that comes next on each partition."""
    consumer = _consumer(bootstrap, "read_committed")
    try:
        return {number: end for number, (_, end) in _bounds(consumer, name).items()}
    finally:
        consumer.close()


def has_records(bootstrap: str, name: str, partition: int, *, since: int) -> bool:
    """Say whether readers find a record from this offset on; what ends a transaction is none."""
    consumer = _consumer(bootstrap, "read_committed")
    try:
        end = _bounds(consumer, name)[partition][1]
        return next(_read(consumer, TopicPartition(name, partition, since), end), None) is not None
    finally:
        consumer.close()


def write_records(bootstrap: str, name: str, records: Iterable[Record]) -> None:
    """Write records straight to where they say: duplicates, stale ones, garbage."""
    producer = Producer(
        {"bootstrap.servers": bootstrap, "log_level": 0, "linger.ms": 5, "partitioner": "murmur2_random"}
    )
    for record in records:
        producer.produce(
            name, record.value, record.key or None, partition=record.partition, headers=list(record.headers.items())
        )
    assert producer.flush(30) == 0, "records did not arrive"


def _led(admin: AdminClient) -> set[str]:
    topics = admin.list_topics(timeout=10).topics
    return {
        f"{name}/{number}"
        for name, topic in topics.items()
        for number, partition in topic.partitions.items()
        if partition.leader >= 0 and partition.error is None
    }


def _consumer(bootstrap: str, isolation: str) -> Consumer:
    return Consumer(
        {
            "bootstrap.servers": bootstrap,
            "group.id": f"reader-{uuid4()}",
            "enable.auto.commit": False,
            "enable.partition.eof": True,
            "auto.offset.reset": "earliest",
            "isolation.level": isolation,
            "log_level": 0,
        }
    )


def _bounds(consumer: Consumer, name: str) -> dict[int, tuple[int, int]]:
    until = time.monotonic() + READ_WITHIN_S
    while True:
        try:
            partitions = consumer.list_topics(name, timeout=10).topics[name].partitions
            return {
                number: consumer.get_watermark_offsets(TopicPartition(name, number), timeout=10)
                for number in partitions
            }
        except KafkaException:  # the broker comes back, or has just made the topic.
            if time.monotonic() > until:
                raise


def _read(consumer: Consumer, place: TopicPartition, end: int) -> Iterator[Record]:
    """Read up to the end that was there at the beginning; offsets have holes, so the client tells when it is there."""
    if place.offset >= end:
        return
    consumer.assign([place])
    until = time.monotonic() + READ_WITHIN_S
    while True:
        assert time.monotonic() < until, f"{place.topic}/{place.partition} could not be read to its end"
        for message in consumer.consume(1000, 0.2):
            if message.error() is not None:
                if message.error().name() == "_PARTITION_EOF":
                    return
            elif message.offset() < end:
                until = time.monotonic() + READ_WITHIN_S
                yield _record(message)
            else:
                return


def _record(message: Any) -> Record:
    return Record(
        partition=message.partition(),
        offset=message.offset(),
        key=(message.key() or b"").decode(),
        value=message.value() or b"",
        headers={name: (value or b"").decode() for name, value in message.headers() or []},
    )
