"""Sends chunk after chunk, and tells how far all of them have arrived or must be held."""

import logging
from collections import deque
from collections.abc import Mapping, Sequence
from collections.abc import Set as AbstractSet

from confluent_kafka import KafkaException, Producer

from streaming import kafka
from streaming.relaying.cursor import Cursor
from streaming.relaying.reader import Chunk, Position
from streaming.relaying.sending import Failures, Sending, TopicFailure
from streaming.topics import topic_name

logger = logging.getLogger(__name__)

CHUNKS_IN_FLIGHT = 4
LOOK_WITHIN_S = 0.4
"""How long the broker may take to name its topics: less than a lease lasts."""
MISSING = "the broker has no such topic, or does not show it to the relay"


class SendFailed(Exception):
    """The broker refused a record for a reason that is not its topic's: nothing after it may count as sent."""


class Sender:
    """
    One producer, for one leadership; the order of a key is the order of :meth:`send`.

    A topic that refuses an event is *held*: this event and all later ones of the topic are given to the cursor to be
    kept, and the other topics flow, until :meth:`go_on_with` the topic.
    """

    def __init__(self, producer: Producer, *, epoch: int, held: Mapping[str, str]) -> None:
        self._producer = producer
        self._epoch = epoch
        self._chunks_sent = 0
        self._in_flight: deque[tuple[Sending, Position]] = deque()
        self._failures: Failures = {}
        self._topics: AbstractSet[str] = frozenset()
        self._told: set[str] = set()
        for topic, error in held.items():
            self.hold(topic, error)

    @property
    def has_room(self) -> bool:
        """Say whether another chunk may be sent before older ones have arrived."""
        in_flight = self._in_flight
        return not in_flight or (len(in_flight) < CHUNKS_IN_FLIGHT and in_flight[-1][0].is_handed_over)

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
        sending = Sending(chunk.rows, number=self._chunks_sent, failures=self._failures)
        self._in_flight.append((sending, chunk.position))
        self._hand_over(sending)

    def arrived(self, wait_s: float, cursor: Cursor) -> None:
        """
        Move the cursor over all that has arrived, or must be held.

        :raises SendFailed: if a record was refused for a reason that is not its topic's.
        """
        self._producer.poll(wait_s)
        if self._in_flight and not (last := self._in_flight[-1][0]).is_handed_over:
            self._hand_over(last)
        while self._in_flight and self._in_flight[0][0].is_done:
            sending, position = self._in_flight.popleft()
            cursor.move(position, list(sending.held()))
        for topic in self._failures.keys() - self._told:
            self._told.add(topic)
            logger.error("the topic %s is held: %s", topic, self._failures[topic].error)
        for sending, _ in self._in_flight:
            if sending.error is not None:
                raise SendFailed(str(sending.error))

    def send_again(self, sending: Sending) -> None:
        """Hand over held events, as far as the producer takes them; call it again for the rest."""
        sending.hand_over(self._producer, epoch=self._epoch)

    def hold(self, topic: str, error: str) -> None:
        """Give the cursor all events of a topic that are still to be sent."""
        self._failures.setdefault(topic, TopicFailure(self._chunks_sent, 0, error))

    def go_on_with(self, topic: str) -> None:
        """Hold a topic no longer: all its held events have arrived, and none is under way."""
        del self._failures[topic]
        self._told.discard(topic)

    def topics_that_are_there(self, topics: AbstractSet[str]) -> AbstractSet[str]:
        """
        Ask the broker which of these topics it has.

        :raises KafkaException: if it does not answer, in time to keep the lease.
        """
        names = {topic_name(topic): topic for topic in topics}
        return {names[name] for name in kafka.topics_of(self._producer, within_s=LOOK_WITHIN_S) & names.keys()}

    def close(self) -> None:
        """Drop what has not been sent; the next leader sends it again."""
        self._producer.purge(in_queue=True, in_flight=True, blocking=False)
        self._producer.flush(1.0)

    def _hand_over(self, sending: Sending) -> None:
        if self._has_looked_at({row.topic for row in sending.rows}):
            sending.hand_over(self._producer, epoch=self._epoch)

    def _has_looked_at(self, topics: AbstractSet[str]) -> bool:
        """
        Look once at each topic before anything is sent to it, and hold those that are missing.

        What is sent to a missing topic lies with the client for many seconds before it fails, and everything behind it.
        """
        unseen = topics - self._topics - self._failures.keys()
        if not unseen:
            return True
        try:
            present = self.topics_that_are_there(unseen)
        except KafkaException:
            return False  # no broker: the chunk stays, and is handed over when one answers.
        self._topics |= present
        for topic in unseen - present:
            self._failures[topic] = TopicFailure(self._chunks_sent, 0, MISSING)
        return True
