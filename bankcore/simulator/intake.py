"""Reads payment commands from Kafka; the broker is told that one was read only after the core has committed it."""

import sqlite3
from datetime import datetime

import structlog
from confluent_kafka import OFFSET_STORED, Consumer, KafkaException, TopicPartition
from django.conf import settings

from bankcore.events import PaymentInstructed
from bankcore.simulator.payments import read_command, take_payments
from streaming import topics
from streaming.kafka import new_consumer

log = structlog.get_logger(__name__)

_AT_ONCE = 100


class Intake:
    """The core's reader of ``payment.commands.v1``: one process, all partitions, no group to wait for."""

    def __init__(self, core: sqlite3.Connection) -> None:
        """Start where the last intake committed, or at the first command there is."""
        self._core = core
        overrides = {"auto.offset.reset": "earliest", "fetch.wait.max.ms": 20}
        self._consumer: Consumer = new_consumer(f"{settings.TOPIC_PREFIX}core.payment-intake", overrides)
        name = topics.topic_name(PaymentInstructed.topic)
        partitions = next(topic for topic in topics.declared() if topic.name == PaymentInstructed.topic).partitions
        self._consumer.assign([TopicPartition(name, number, OFFSET_STORED) for number in range(partitions)])

    def take(self, *, now: datetime, wait_s: float) -> int:
        """
        Make the payments that were commanded within ``wait_s`` and return how many were new.

        A command that cannot be read is logged and passed over; it never stops the ones behind it.
        """
        messages = [first] if (first := self._consumer.poll(wait_s)) else []
        messages += self._consumer.consume(_AT_ONCE - 1, 0) if messages else []
        records = [message for message in messages if not message.error()]
        if not records:
            return 0
        commands = [read_command(record.value() or b"") for record in records if _is_command(record.headers())]
        new = take_payments(self._core, [command for command in commands if command], now=now)
        self._tell_broker({(record.topic(), record.partition()): record.offset() + 1 for record in records})
        return new

    def close(self) -> None:
        """Leave the broker."""
        self._consumer.close()

    def _tell_broker(self, positions: dict[tuple[str, int], int]) -> None:
        """A lost commit is harmless: the commands come again, and the core knows them by their payment."""
        offsets = [TopicPartition(topic, partition, offset) for (topic, partition), offset in positions.items()]
        try:
            self._consumer.commit(offsets=offsets, asynchronous=True)
        except KafkaException as error:
            log.info("core_commit_lost", reason=str(error))


def _is_command(headers: list[tuple[str, bytes]] | None) -> bool:
    return dict(headers or []).get("ce_type") == PaymentInstructed.name.encode()
