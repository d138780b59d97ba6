"""The broker: how every client of it is configured."""

import logging
import time
from collections.abc import Mapping
from typing import Any

from confluent_kafka import Consumer, KafkaError, KafkaException, Producer
from confluent_kafka.admin import AdminClient
from django.conf import settings

ANSWER_WITHIN_S = 3.0
"""How long a health check waits for the broker."""
SAME_MESSAGE_EVERY_S = 10.0


def new_producer() -> Producer:
    """Return a producer that loses and reorders nothing, however long the broker is away; see :func:`poll`."""
    return Producer(_client("producer") | _PRODUCER)


def poll(producer: Producer, wait_s: float) -> KafkaError | None:
    """
    Run a producer's callbacks, and wait for some if there are none.

    Return an error that the producer cannot go on from, once: it sends nothing more.
    """
    try:
        producer.poll(wait_s)
    except KafkaException as raised:
        error: KafkaError = raised.args[0]
        if not error.fatal():
            raise
        return error
    return None


def throw_away(producer: Producer, *, within_s: float) -> None:
    """Drop what a producer has not sent, and run the callbacks of all that it had."""
    until = time.monotonic() + within_s
    producer.purge(in_queue=True, in_flight=True, blocking=False)
    while len(producer) and time.monotonic() < until:
        poll(producer, 0.05)


def has_topic(producer: Producer, name: str, *, within_s: float) -> bool:
    """
    Say whether the broker has a topic, by its full name, and shows it to us.

    :raises KafkaException: if the broker does not answer in time.
    """
    topic = producer.list_topics(name, timeout=within_s).topics[name]
    return topic.error is None or not is_of_topic(topic.error)


def is_of_topic(error: KafkaError) -> bool:
    """Say whether a record was refused because of its topic, while others may well be taken."""
    return error.code() in _OF_TOPIC and not error.fatal()


def new_consumer(group_id: str, overrides: Mapping[str, Any] | None = None) -> Consumer:
    """Return a consumer of a group; where it reads on is not the broker's to say."""
    return Consumer(_client("consumer") | _CONSUMER | {"group.id": group_id} | dict(overrides or {}))


def new_admin() -> AdminClient:
    """Return a client for topics and offsets that gives up quickly."""
    return AdminClient(_client("admin") | {"socket.timeout.ms": int(ANSWER_WITHIN_S * 1000)})


_OF_TOPIC = frozenset(
    {
        KafkaError.UNKNOWN_TOPIC_OR_PART,
        KafkaError._UNKNOWN_TOPIC,
        KafkaError._UNKNOWN_PARTITION,
        KafkaError.TOPIC_EXCEPTION,
        KafkaError.TOPIC_AUTHORIZATION_FAILED,
        KafkaError.MSG_SIZE_TOO_LARGE,
        KafkaError.RECORD_LIST_TOO_LARGE,
        KafkaError.INVALID_RECORD,
        KafkaError.POLICY_VIOLATION,
    }
)

_PRODUCER: dict[str, Any] = {
    "enable.idempotence": True,
    # An event that is refused is not followed by its successors: that is fatal to the client.
    "enable.gapless.guarantee": True,
    "acks": "all",
    # Never: with a timeout an event can fail while its successor is delivered.
    "delivery.timeout.ms": 0,
    "linger.ms": 5,
    "batch.size": 1_000_000,
    "message.max.bytes": 1_000_000,
    "compression.type": "lz4",
    "partitioner": "murmur2_random",  # Java's: the default of librdkafka breaks co-partitioning.
    "queue.buffering.max.messages": 100_000,
    "queue.buffering.max.kbytes": 131_072,
    # A topic that was made a moment ago is believed to be missing after this time, not after half a minute.
    "topic.metadata.propagation.max.ms": 5_000,
    "topic.metadata.refresh.interval.ms": 10_000,
}

_CONSUMER: dict[str, Any] = {
    "enable.auto.commit": False,
    "enable.auto.offset.store": False,
    # To be behind the retention is for people to see; it is never skipped.
    "auto.offset.reset": "error",
    "isolation.level": "read_committed",
    "partition.assignment.strategy": "cooperative-sticky",
    "session.timeout.ms": 6_000,
    "heartbeat.interval.ms": 1_000,
    "max.poll.interval.ms": 300_000,
    # A process runs many groups: what each holds ahead is bounded.
    "queued.min.messages": 5_000,
    "queued.max.messages.kbytes": 16_384,
    "fetch.wait.max.ms": 100,
    "fetch.error.backoff.ms": 100,
    "topic.metadata.refresh.interval.ms": 10_000,
    "allow.auto.create.topics": False,
}


def _client(kind: str) -> dict[str, Any]:
    return {
        "bootstrap.servers": settings.KAFKA_BOOTSTRAP_SERVERS,
        "client.id": f"{settings.TOPIC_PREFIX}{kind}",
        "reconnect.backoff.ms": 50,
        "reconnect.backoff.max.ms": 1_000,
        "logger": _client_logger(),
        **settings.KAFKA_SECURITY,
    }


class _Sparingly(logging.Filter):
    """While a broker is away, its clients say so many times a second: let each kind of message by now and then."""

    def __init__(self) -> None:
        super().__init__()
        self._said_at: dict[str, float] = {}

    def filter(self, record: logging.LogRecord) -> bool:
        """Let a message by if none of its kind (its first word) came in the last seconds."""
        message = record.getMessage()
        if "enable.gapless.guarantee is experimental" in message:
            return False  # it is wanted, and tested.
        kind = message.partition(" ")[0]
        is_due = time.monotonic() - self._said_at.get(kind, -SAME_MESSAGE_EVERY_S) >= SAME_MESSAGE_EVERY_S
        if is_due:
            self._said_at[kind] = time.monotonic()
        return is_due


def _client_logger() -> logging.Logger:
    """Return where the clients log; what they can mend they mend by themselves."""
    logger = logging.getLogger("streaming.kafka.client")
    if not logger.filters:
        logger.addFilter(_Sparingly())
    return logger
