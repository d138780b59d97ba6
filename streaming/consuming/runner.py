"""The loop of one group: read from the broker, apply in the database, through every outage of either."""

import logging
import threading
import time
from collections.abc import Sequence
from typing import Any

from confluent_kafka import OFFSET_BEGINNING, Consumer, KafkaError, KafkaException, Message, TopicPartition
from django.db import connection

from streaming import kafka
from streaming.consuming import offsets
from streaming.consuming.applying import TRANSIENT, apply_batch
from streaming.consuming.offsets import Partition
from streaming.consuming.records import RawRecord
from streaming.consuming.registry import Group
from streaming.envelope import decode_headers, record_time, to_text
from streaming.topics import topic_name, without_prefix

logger = logging.getLogger(__name__)

BATCH = 500
SHORTEST_PAUSE_S = 0.1
LONGEST_PAUSE_S = 30.0


class GroupRunner:
    """Runs one group in the calling thread, with the thread's own database connection, until told to stop."""

    def __init__(self, group: Group, stop: threading.Event) -> None:
        self._group = group
        self._stop = stop
        self._epochs: dict[Partition, int] = {}
        self._late: list[Message] = []
        self._stopped: set[Partition] = set()

    @property
    def assigned(self) -> frozenset[Partition]:
        """The partitions that are this runner's at the moment."""
        return frozenset(self._epochs)

    def run(self) -> None:
        """Consume until told to stop; whatever breaks, begin anew from the stored offsets."""
        pause_s = SHORTEST_PAUSE_S
        while not self._stop.is_set():
            started = time.monotonic()
            try:
                self._consume()
            except Exception:
                logger.exception("consumer of %s broke; it begins anew", self._group.name)
                pause_s = SHORTEST_PAUSE_S if time.monotonic() - started > LONGEST_PAUSE_S else pause_s
                self._stop.wait(pause_s)
                pause_s = min(pause_s * 2, LONGEST_PAUSE_S)
        connection.close()

    def _consume(self) -> None:
        self._epochs.clear()
        self._late.clear()
        self._stopped.clear()
        consumer = kafka.new_consumer(self._group.group_id)
        consumer.subscribe(
            [topic_name(topic) for topic in sorted(self._group.topics)],
            on_assign=self._take_over,
            on_revoke=self._let_go,
            on_lost=self._let_go,
        )
        try:
            while not self._stop.is_set():
                if messages := self._poll(consumer):
                    self._process(consumer, messages)
        finally:
            consumer.close()

    def _poll(self, consumer: Consumer) -> list[Message]:
        """Wait for one message, then take what has arrived beside it: quick when little comes, large when much."""
        messages, self._late = self._late, []
        if not messages:
            first = consumer.poll(1.0)
            messages = [first] if first is not None else []
        if messages:
            messages += consumer.consume(BATCH - 1, 0)
        return messages

    def _process(self, consumer: Consumer, messages: Sequence[Message]) -> None:
        records = [record_of(message) for message in messages if self._is_readable(consumer, message)]
        pause_s = SHORTEST_PAUSE_S
        while records and not self._stop.is_set():
            try:
                next_offsets = apply_batch(self._group, records, self._epochs)
            except TRANSIENT as error:
                logger.warning("%s waits %.1f s: %s", self._group.name, pause_s, type(error).__name__)
                connection.close()  # the next attempt connects anew.
                self._wait(consumer, pause_s)
                pause_s = min(pause_s * 2, LONGEST_PAUSE_S)
            else:
                _tell_broker(consumer, next_offsets)
                return

    def _wait(self, consumer: Consumer, pause_s: float) -> None:
        """Let time pass with all partitions paused, but keep polling: so the group's membership stays."""
        until = time.monotonic() + pause_s
        consumer.pause(consumer.assignment())
        while (left := until - time.monotonic()) > 0 and not self._stop.is_set():
            message = consumer.poll(min(left, 0.2))
            if message is not None:
                self._late.append(message)  # of a partition that was assigned in the meantime.
        consumer.resume([each for each in consumer.assignment() if _partition(each) not in self._stopped])

    def _take_over(self, consumer: Consumer, assigned: Sequence[TopicPartition]) -> None:
        claimed = self._claim([_partition(each) for each in assigned])
        self._epochs.update({partition: epoch for partition, (_, epoch) in claimed.items()})
        places = [
            TopicPartition(topic_name(topic), number, next_offset or OFFSET_BEGINNING)
            for (topic, number), (next_offset, _) in claimed.items()
        ]
        consumer.incremental_assign(places)
        consumer.resume(places)  # one that was lost while it was paused comes back paused.

    def _claim(self, partitions: Sequence[Partition]) -> dict[Partition, tuple[int, int]]:
        """Claim partitions, waiting for the database if need be."""
        pause_s = SHORTEST_PAUSE_S
        while True:
            try:
                return offsets.claim(self._group.name, partitions)
            except TRANSIENT:
                connection.close()
                if self._stop.wait(pause_s):
                    return {}
                pause_s = min(pause_s * 2, LONGEST_PAUSE_S)

    def _let_go(self, consumer: Consumer, revoked: Sequence[TopicPartition]) -> None:
        for each in revoked:
            self._epochs.pop(_partition(each), None)
            self._stopped.discard(_partition(each))
        consumer.incremental_unassign(revoked)

    def _is_readable(self, consumer: Consumer, message: Message) -> bool:
        error = message.error()
        if error is None:
            return True
        if error.code() in _OUT_OF_RANGE:
            # To skip what is gone would lose it silently; people must decide.
            place = TopicPartition(message.topic(), message.partition())
            self._stopped.add(_partition(place))
            consumer.pause([place])
            logger.critical("%s stops at %s: what it has to read next is gone", self._group.name, _partition(place))
        else:
            logger.warning("%s: %s", self._group.name, error)
        return False


_OUT_OF_RANGE = frozenset({KafkaError._AUTO_OFFSET_RESET, KafkaError.OFFSET_OUT_OF_RANGE})


def _partition(place: TopicPartition) -> Partition:
    return without_prefix(place.topic), place.partition


def record_of(message: Any) -> RawRecord:
    """Return a message of the broker as handlers see it; the deployment's prefix is taken off its topic."""
    key = message.key()
    return RawRecord(
        topic=without_prefix(message.topic()),
        partition=message.partition(),
        offset=message.offset(),
        key=None if key is None else to_text(key),
        value=message.value() or b"",
        headers=decode_headers(message.headers()),
        timestamp=record_time(message.timestamp()[1]),
    )


def _tell_broker(consumer: Consumer, next_offsets: dict[Partition, int]) -> None:
    """Commit to the broker as well, for the tools that show lag; our own offsets are what counts."""
    places = [TopicPartition(topic_name(topic), number, offset) for (topic, number), offset in next_offsets.items()]
    if not places:
        return
    try:
        consumer.commit(offsets=places, asynchronous=True)
    except KafkaException as error:
        logger.info("offsets were not shown to the broker: %s", error)
