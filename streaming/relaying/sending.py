"""Rows under way to the broker: how far they were handed over, and what became of them."""

from collections.abc import Iterator, Sequence
from typing import NamedTuple, TypeAlias

from confluent_kafka import KafkaError, KafkaException, Message, Producer

from streaming import kafka
from streaming.envelope import LogRow, headers_of
from streaming.relaying.holding import HeldEvent
from streaming.relaying.watching import note_error
from streaming.topics import topic_name


class TopicFailure(NamedTuple):
    """The first row of a topic that could not be sent (number of the chunk, place in it), and why."""

    chunk: int
    place: int
    error: str


Failures: TypeAlias = dict[str, TopicFailure]
"""The topics that take nothing at present."""


class Sending:
    """
    A chunk of rows; those of topics that fail are left out from the first failure on.

    All chunks of a sender share ``failures``: what failed in one of them is left out of the later ones as well.
    """

    def __init__(self, rows: Sequence[LogRow], *, number: int, failures: Failures) -> None:
        self.rows = rows
        self.topics = frozenset(row.topic for row in rows)
        self.is_handed_over = False
        self.error: KafkaError | None = None
        """What went wrong that is not a matter of a topic."""
        self.failures = failures
        self._number = number
        self._next = 0
        self._missing = 0

    @property
    def is_done(self) -> bool:
        """Say whether every row has arrived or has failed with its topic."""
        return self.is_handed_over and not self._missing and self.error is None

    def hand_over(self, producer: Producer, *, epoch: int) -> None:
        """Hand rows to the producer until it has no room; called again for the rest."""
        names = {topic: topic_name(topic) for topic in self.topics}
        produce, delivered, failures = producer.produce, self._delivered, self.failures
        for place in range(self._next, len(self.rows)):
            row = self.rows[place]
            if failures and self._failure_before(place) is not None:
                continue
            headers = headers_of(row, epoch=epoch)
            try:
                produce(names[row.topic], row.payload, row.key, headers=headers, on_delivery=delivered)
            except BufferError:
                self._next = place
                return
            except KafkaException as error:
                self._fail(error.args[0], place)
            else:
                self._missing += 1
        self.is_handed_over = True

    def held(self) -> Iterator[HeldEvent]:
        """Yield the rows that were left out, or came after such a one of their topic: they are sent again later."""
        for place, row in enumerate(self.rows if self.failures else ()):
            failure = self._failure_before(place)
            if failure is not None:
                yield HeldEvent(row.event_id, row.topic, failure.error)

    def _failure_before(self, place: int) -> TopicFailure | None:
        """Return what went wrong with a row, or with an earlier one of its topic."""
        failure = self.failures.get(self.rows[place].topic)
        return failure if failure is not None and failure[:2] <= (self._number, place) else None

    def _delivered(self, error: KafkaError | None, message: Message) -> None:
        self._missing -= 1
        if error is not None:
            self._fail(error, self._place_of(message))

    def _fail(self, error: KafkaError, place: int) -> None:
        if not kafka.is_of_topic(error):
            self.error = self.error or error
            return
        note_error(error)
        failure = TopicFailure(self._number, place, str(error))
        topic = self.rows[place].topic
        self.failures[topic] = min(failure, self.failures.get(topic, failure))

    def _place_of(self, message: Message) -> int:
        """Find a row that failed; of two that are the same byte for byte, the first one."""
        topic, key, value = message.topic(), message.key().decode(), message.value()
        return next(
            place
            for place, row in enumerate(self.rows)
            if row.payload == value and row.key == key and topic_name(row.topic) == topic
        )
