"""The broker: how every client of it is configured."""

import logging
from collections.abc import Mapping
from typing import Any

from confluent_kafka import Consumer, KafkaError, Producer
from confluent_kafka.admin import AdminClient
from django.conf import settings

logger = logging.getLogger(__name__)

ANSWER_WITHIN_S = 3.0
"""How long a health check waits for the broker."""


def new_producer() -> Producer:
    """Return a producer that loses and reorders nothing, however long the broker is away."""
    return Producer(_client("producer") | _PRODUCER)


def new_consumer(group_id: str, overrides: Mapping[str, Any] | None = None) -> Consumer:
    """Return a consumer of a group; where it reads on is not the broker's to say."""
    return Consumer(_client("consumer") | _CONSUMER | {"group.id": group_id} | dict(overrides or {}))


def new_admin() -> AdminClient:
    """Return a client for topics and offsets that gives up quickly."""
    return AdminClient(_client("admin") | {"socket.timeout.ms": int(ANSWER_WITHIN_S * 1000)})


_PRODUCER: dict[str, Any] = {
    "enable.idempotence": True,
    "acks": "all",
    # Never: with a timeout an event can fail while its successor is delivered.
    "delivery.timeout.ms": 0,
    "linger.ms": 5,
    "batch.size": 1_000_000,
    "message.max.bytes": 1_000_000,
    "compression.type": "lz4",
    "partitioner": "murmur2_random",  # Java's: the default of librdkafka breaks co-partitioning.
    "queue.buffering.max.messages": 100_000,
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
        "error_cb": _note,
        "logger": logging.getLogger("streaming.kafka.client"),
        **settings.KAFKA_SECURITY,
    }


def _note(error: KafkaError) -> None:
    """The client mends what it can by itself; what it cannot comes back from the call that failed."""
    logger.warning("kafka client: %s", error)
