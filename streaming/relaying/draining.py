"""Sends the events of held topics again, in the order of their ids, while the other topics flow."""

import logging
import time
from collections import deque
from collections.abc import Sequence

import psycopg
from confluent_kafka import KafkaException, Producer
from psycopg.rows import TupleRow

from streaming import kafka, tallies
from streaming.relaying import holding
from streaming.relaying.cursor import Cursor
from streaming.relaying.ranges import ShardRange
from streaming.relaying.sender import Sender
from streaming.relaying.sending import Sending

logger = logging.getLogger(__name__)

TRY_FIRST_AFTER_S = 1.0
"""A topic may be missing because it was made a moment ago."""
TRY_EVERY_S = 30.0
CHUNK = 2000


class Draining:
    """
    Drains one held topic after the other, step by step between the chunks that are sent.

    Events that come meanwhile join the held ones. So the end needs a moment of quiet: what is under way comes to
    rest, the last held events are sent, and only then new events of the topic may go straight to the broker again.
    """

    def __init__(
        self,
        connection: psycopg.Connection[TupleRow],
        shards: ShardRange,
        sender: Sender,
        cursor: Cursor,
        *,
        epoch: int,
    ) -> None:
        self._connection = connection
        self._shards = shards
        self._sender = sender
        self._cursor = cursor
        self._epoch = epoch
        self._tried: Sequence[str] = ()
        self._pause_s = TRY_FIRST_AFTER_S
        self._next_try_at = time.monotonic()
        self._to_try: deque[str] = deque()
        self._topic: str | None = None
        self._producer: Producer | None = None
        self._sending: Sending | None = None
        self._is_first = True
        self.needs_quiet = False
        """Whether nothing new may be sent for a moment."""

    @property
    def is_busy(self) -> bool:
        """Say whether a topic is being drained."""
        return self._topic is not None

    def go_on(self) -> None:
        """
        Take the next step, if there is one to take; never waits for the broker.

        :raises LeaseLost: if the lease is no longer ours, or ran out.
        """
        if self._topic is None or self._producer is None:
            self._choose()
        elif self._sending is None:
            self._send_next(self._topic)
        else:
            self._look_after(self._topic, self._producer, self._sending)

    def close(self) -> None:
        """Leave what is under way to the next try, or to the next leader."""
        if self._producer is not None:
            kafka.throw_away(self._producer, within_s=0.1)
        self._topic = self._producer = self._sending = None
        self.needs_quiet = False

    def _choose(self) -> None:
        if self._to_try:
            self._topic = self._to_try.popleft()
            # One of its own: what a topic refuses may be fatal to the producer that tried.
            self._producer = kafka.new_producer()
            self._is_first = True
        elif self._is_due():
            self._find()

    def _is_due(self) -> bool:
        """Say whether to try; the pauses grow as long as the same topics fail."""
        now = time.monotonic()
        held = self._sender.held_topics
        if held != self._tried:
            self._tried = held
            self._pause_s = TRY_FIRST_AFTER_S
            self._next_try_at = min(self._next_try_at, now + self._pause_s)
        if now < self._next_try_at:
            return False
        self._pause_s = min(self._pause_s * 2, TRY_EVERY_S)
        self._next_try_at = now + self._pause_s
        return True

    def _find(self) -> None:
        """Find the held topics that are on the broker, also those that a range of another size has left."""
        for topic, error in holding.held_topics(self._connection, self._shards).items():
            self._sender.hold(topic, error)
        if not self._sender.held_topics:
            return
        try:
            present = self._sender.topics_that_are_there(set(self._sender.held_topics))
        except KafkaException:
            self._pause_s = TRY_FIRST_AFTER_S  # that tells nothing of the topics.
            self._next_try_at = time.monotonic() + self._pause_s
            return
        self._to_try.extend(sorted(present))

    def _send_next(self, topic: str) -> None:
        if self.needs_quiet:
            if not self._sender.is_idle:
                return
            self._cursor.store()  # what was under way may have left events to be held.
        # One event first: most often nothing has changed.
        limit = 1 if self._is_first else CHUNK
        rows = holding.read_held(self._connection, self._shards, topic, limit=limit)
        if rows:
            self._sending = Sending(rows, number=0, failures={})
        elif self.needs_quiet:
            self._sender.go_on_with(topic)
            logger.info("the topic %s flows again", topic)
            self.close()
        self.needs_quiet = self._topic is not None and len(rows) < limit

    def _look_after(self, topic: str, producer: Producer, sending: Sending) -> None:
        if not sending.is_handed_over:
            sending.hand_over(producer, epoch=self._epoch)
        fatal = kafka.poll(producer, 0)
        if sending.is_done and not sending.failures:
            self._cursor.let_go(topic, [row.id for row in sending.rows])
            tallies.EVENTS_SENT.add(len(sending.rows))
            self._sending = None
            self._is_first = False
        elif error := next(iter(sending.failures.values()), None) or sending.error or fatal:
            logger.warning("the topic %s stays held: %s", topic, error)
            self.close()
