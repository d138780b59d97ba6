"""The loop of one group: read from the broker, apply in the database, through every outage of either."""

import logging
import threading
import time
from collections.abc import Sequence

from confluent_kafka import Consumer, KafkaError, KafkaException, Message, TopicPartition
from django.db import connection

from edge.transient import is_transient
from streaming import kafka
from streaming.consuming import watching
from streaming.consuming.applying import apply_items
from streaming.consuming.arrivals import Arrivals, came_from
from streaming.consuming.assignment import Assignment
from streaming.consuming.items import Item, ends_of
from streaming.consuming.meanwhile import meanwhile
from streaming.consuming.offsets import Partition
from streaming.consuming.registry import Group
from streaming.topics import topic_name

logger = logging.getLogger(__name__)

LONGEST_POLL_S = 1.0
SHORTEST_PAUSE_S = 0.1
LONGEST_PAUSE_S = 30.0


class GroupRunner:
    """Runs one group in the calling thread, with the thread's own database connection, until told to stop."""

    def __init__(self, group: Group, stop: threading.Event) -> None:
        self._group = group
        self._stop = stop
        self._assignment: Assignment | None = None

    @property
    def assigned(self) -> frozenset[Partition]:
        """The partitions that are this runner's at the moment."""
        return frozenset(self._assignment.epochs) if self._assignment else frozenset()

    @property
    def barred(self) -> frozenset[Partition]:
        """Those of them that it may not read: their group is paused, or they are stopped."""
        return self._assignment.barred if self._assignment else frozenset()

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
        consumer = kafka.new_consumer(self._group.group_id)
        arrivals = Arrivals(self._group, consumer, lambda message: self._deal_with(assignment, message))
        assignment = self._assignment = Assignment(self._group, consumer, arrivals.drop)
        consumer.subscribe(
            [topic_name(topic) for topic in sorted(self._group.topics)],
            on_assign=assignment.take_over,
            on_revoke=assignment.let_go,
            on_lost=assignment.let_go,
        )
        try:
            while not self._stop.is_set():
                assignment.look_if_due()
                if items := arrivals.next_batch(LONGEST_POLL_S):
                    self._process(consumer, assignment, arrivals, items)
        finally:
            consumer.close()

    def _process(self, consumer: Consumer, assignment: Assignment, arrivals: Arrivals, items: Sequence[Item]) -> None:
        with watching.watched(self._group, items) as watched:
            self._apply(consumer, assignment, arrivals, watched)

    def _apply(self, consumer: Consumer, assignment: Assignment, arrivals: Arrivals, items: Sequence[Item]) -> None:
        """Apply a batch, however often the database has to be waited for."""
        # What is claimed from now on is read from its stored place again.
        epochs, following = dict(assignment.epochs), dict(assignment.following)
        pause_s = SHORTEST_PAUSE_S
        while not self._stop.is_set():
            try:
                with meanwhile(arrivals.read_some):
                    next_offsets = apply_items(self._group, items, epochs, following=following)
            except Exception as error:
                if not is_transient(error):
                    raise
                logger.warning("%s waits %.1f s: %s", self._group.name, pause_s, type(error).__name__)
                watching.note_retry(self._group, error)
                connection.close()  # the next attempt connects anew.
                self._wait(consumer, assignment, arrivals, pause_s)
                pause_s = min(pause_s * 2, LONGEST_PAUSE_S)
            else:
                assignment.advance(next_offsets)
                _tell_broker(consumer, next_offsets)
                if next_offsets != ends_of(items):
                    assignment.look()  # one was stopped, or moved.
                return

    def _wait(self, consumer: Consumer, assignment: Assignment, arrivals: Arrivals, pause_s: float) -> None:
        """Let time pass with all partitions paused, but keep polling: so the group's membership stays."""
        until = time.monotonic() + pause_s
        assignment.pause()
        while (left := until - time.monotonic()) > 0 and not self._stop.is_set():
            message = consumer.poll(min(left, 0.2))
            if message is not None:
                arrivals.keep([message])  # of a partition that was assigned in the meantime:
                assignment.pause()  # it waits as well, or all of it would be read into memory.
        assignment.resume()

    def _deal_with(self, assignment: Assignment, message: Message) -> None:
        error = message.error()
        assert error is not None
        if error.fatal():
            raise KafkaException(error)
        if error.code() in _OUT_OF_RANGE:
            # To skip what is gone would lose it silently; people must decide.
            assignment.give_up(came_from(message))
        else:
            logger.warning("%s: %s", self._group.name, error)


_OUT_OF_RANGE = frozenset({KafkaError._AUTO_OFFSET_RESET, KafkaError.OFFSET_OUT_OF_RANGE})


def _tell_broker(consumer: Consumer, next_offsets: dict[Partition, int]) -> None:
    """Commit to the broker as well, for the tools that show lag; our own offsets are what counts."""
    places = [TopicPartition(topic_name(topic), number, offset) for (topic, number), offset in next_offsets.items()]
    if not places:
        return
    try:
        consumer.commit(offsets=places, asynchronous=True)
    except KafkaException as error:
        logger.info("offsets were not shown to the broker: %s", error)
