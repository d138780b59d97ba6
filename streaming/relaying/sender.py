"""Sends chunk after chunk, and tells how far all of them have arrived or must be held."""

import logging
import time
from collections import deque
from collections.abc import Mapping, Sequence
from collections.abc import Set as AbstractSet
from contextlib import suppress
from typing import NamedTuple

from confluent_kafka import KafkaError, KafkaException

from streaming import kafka
from streaming.relaying.cursor import Cursor
from streaming.relaying.earlier_forms import with_earlier_forms
from streaming.relaying.reader import Chunk, Position
from streaming.relaying.sending import Failures, Sending, TopicFailure
from streaming.relaying.watching import ChunkWatch, SendingWatch
from streaming.topics import topic_name

logger = logging.getLogger(__name__)

CHUNKS_IN_FLIGHT = 4
LOOK_WITHIN_S = 0.4
"""How long the broker may take to tell of topics: less than a lease lasts."""
STUCK_AFTER_S = 10.0
CLOSE_WITHIN_S = 0.4
MISSING = "the broker has no such topic, or does not show it to the relay"


class SendFailed(Exception):
    """The producer cannot go on: nothing that has not arrived may count as sent."""


class Sender:
    """
    One producer, for one leadership; the order of a key is the order of :meth:`send`.

    A topic that refuses an event is *held*: this event and all later ones of the topic are given to the cursor to be
    kept, and the other topics flow, until :meth:`go_on_with` the topic.
    """

    def __init__(self, *, epoch: int, held: Mapping[str, str]) -> None:
        self._producer = kafka.new_producer()
        self._epoch = epoch
        self._chunks_sent = 0
        self._in_flight: deque[_InFlight] = deque()
        self._watch = SendingWatch()
        self._failures: Failures = {}
        self._seen_topics: set[str] = set()
        self._told_topics = set(held)
        for topic, error in held.items():
            self.hold(topic, error)

    @property
    def has_room(self) -> bool:
        """Say whether another chunk may be sent before older ones have arrived."""
        in_flight = self._in_flight
        return not in_flight or (len(in_flight) < CHUNKS_IN_FLIGHT and in_flight[-1].sending.is_handed_over)

    @property
    def is_idle(self) -> bool:
        """Say whether all that was sent has arrived, or is held."""
        return not self._in_flight

    @property
    def held_topics(self) -> Sequence[str]:
        """The topics that take nothing at present, sorted."""
        return sorted(self._failures)

    def send(self, chunk: Chunk) -> None:
        """Hand a chunk to the producer as far as it takes it; the rest is handed over by :meth:`arrived`."""
        self._chunks_sent += 1
        watch = self._watch.begin(chunk)
        sending = Sending(with_earlier_forms(watch.rows), number=self._chunks_sent, failures=self._failures)
        self._in_flight.append(_InFlight(sending, chunk.position, watch, time.monotonic() + STUCK_AFTER_S))
        self._hand_over(sending)

    def arrived(self, wait_s: float, cursor: Cursor) -> None:
        """
        Move the cursor over all that has arrived, or must be held.

        :raises SendFailed: if a record was refused for a reason that is not its topic's.
        """
        fatal = kafka.poll(self._producer, wait_s)
        if self._in_flight and not (last := self._in_flight[-1].sending).is_handed_over:
            self._hand_over(last)
        while self._in_flight and self._in_flight[0].sending.is_done:
            done = self._in_flight.popleft()
            cursor.move(done.position, list(done.sending.held()))
            done.watch.arrived()
        errors = (each.sending.error for each in self._in_flight)
        if error := fatal or next(filter(None, errors), None):
            self._fail(error, cursor)
        if self._in_flight and time.monotonic() >= self._in_flight[0].looks_stuck_at:
            self._look_for_deleted_topics()
        self._tell()

    def hold(self, topic: str, error: str) -> None:
        """Give the cursor all events of a topic that are still to be sent."""
        self._failures.setdefault(topic, TopicFailure(self._chunks_sent, 0, error))

    def go_on_with(self, topic: str) -> None:
        """Hold a topic no longer: all its held events have arrived, and none is under way."""
        del self._failures[topic]
        self._told_topics.discard(topic)

    def topics_that_are_there(self, topics: AbstractSet[str]) -> AbstractSet[str]:
        """
        Ask the broker which of these topics it has.

        :raises KafkaException: if it does not answer, in time to keep the lease.
        """
        until = time.monotonic() + LOOK_WITHIN_S
        present = set()
        for topic in sorted(topics):
            left_s = max(until - time.monotonic(), 0.001)
            if kafka.has_topic(self._producer, topic_name(topic), within_s=left_s):
                present.add(topic)
                self._seen_topics.add(topic)
        return present

    def close(self) -> None:
        """Drop what has not been sent; the next leader sends it again."""
        kafka.throw_away(self._producer, within_s=CLOSE_WITHIN_S)

    def _hand_over(self, sending: Sending) -> None:
        if self._has_looked_at(sending.topics):
            sending.hand_over(self._producer, epoch=self._epoch)

    def _has_looked_at(self, topics: AbstractSet[str]) -> bool:
        """
        Look once at each topic before anything is sent to it, and hold those that are missing.

        What is sent to a missing topic lies with the client for many seconds before it fails, and everything behind it.
        """
        unseen = topics - self._seen_topics - self._failures.keys()
        if not unseen:
            return True
        try:
            present = self.topics_that_are_there(unseen)
        except KafkaException:
            return False  # no broker: the chunk stays, and is handed over when one answers.
        for topic in unseen - present:
            self.hold(topic, MISSING)
        return True

    def _fail(self, error: KafkaError, cursor: Cursor) -> None:
        """Hold what a topic refused before all begins anew, or it would be refused again, for ever."""
        self.close()
        for each in self._in_flight:
            each.watch.failed(error)
        cursor.hold([event for each in self._in_flight for event in each.sending.held()])
        raise SendFailed(str(error))

    def _look_for_deleted_topics(self) -> None:
        """The client may keep what was sent to a topic that was deleted then, without end and without a word."""
        stuck = self._in_flight[0]
        self._in_flight[0] = stuck._replace(looks_stuck_at=time.monotonic() + STUCK_AFTER_S)
        with suppress(KafkaException):
            sent = stuck.sending.topics - self._failures.keys()
            if deleted := sent - self.topics_that_are_there(sent):
                raise SendFailed(f"deleted from the broker: {', '.join(sorted(deleted))}")

    def _tell(self) -> None:
        for topic in self._failures.keys() - self._told_topics:
            self._told_topics.add(topic)
            logger.error("the topic %s is held: %s", topic, self._failures[topic].error)


class _InFlight(NamedTuple):
    """A chunk under way, the position once it has arrived, who looks on, and when it has taken too long."""

    sending: Sending
    position: Position
    watch: ChunkWatch
    looks_stuck_at: float
