"""Produces chunks to the broker and tells how far all of them have arrived."""

from collections import deque
from typing import Any

from confluent_kafka import KafkaError, KafkaException, Producer

from streaming.envelope import headers_of
from streaming.relaying.reader import Chunk, Position
from streaming.topics import topic_name

CHUNKS_IN_FLIGHT = 4


class SendFailed(Exception):
    """The broker refused a record for good: nothing after it may count as sent."""


class Sender:
    """One producer, for one leadership; the order of a key is the order of :meth:`send`."""

    def __init__(self, producer: Producer, *, epoch: int) -> None:
        self._producer = producer
        self._epoch = epoch
        self._in_flight: deque[_Sending] = deque()

    @property
    def has_room(self) -> bool:
        """Say whether another chunk may be sent before older ones have arrived."""
        return len(self._in_flight) < CHUNKS_IN_FLIGHT

    @property
    def is_idle(self) -> bool:
        """Say whether all that was sent has arrived."""
        return not self._in_flight

    def send(self, chunk: Chunk) -> None:
        """
        Hand a chunk to the producer.

        :raises SendFailed: if a record cannot be sent at all.
        """
        sending = _Sending(chunk)
        self._in_flight.append(sending)
        names = {topic: topic_name(topic) for topic in {row.topic for row in chunk.rows}}
        for row in chunk.rows:
            self._produce(names[row.topic], row.key, row.payload, headers_of(row, epoch=self._epoch), sending)

    def arrived(self, wait_s: float) -> Position | None:
        """
        Return the position up to which everything has arrived, if it moved.

        :raises SendFailed: if the broker refused a record.
        """
        self._producer.poll(wait_s)
        position = None
        while self._in_flight and self._in_flight[0].is_done:
            position = self._in_flight.popleft().position
        if self._in_flight and (error := self._in_flight[0].error):
            raise SendFailed(str(error))
        return position

    def close(self) -> None:
        """Drop what has not been sent; the next leader sends it again."""
        self._producer.purge(in_queue=True, in_flight=True, blocking=False)
        self._producer.flush(1.0)

    def _produce(self, topic: str, key: str, value: bytes, headers: Any, sending: "_Sending") -> None:
        while True:
            try:
                self._producer.produce(topic, value, key, headers=headers, on_delivery=sending.delivered)
            except BufferError:
                self._producer.poll(0.1)  # the queue is full: this is the back-pressure.
            except KafkaException as error:
                raise SendFailed(str(error)) from error
            else:
                return


class _Sending:
    """A chunk under way."""

    def __init__(self, chunk: Chunk) -> None:
        self.position = chunk.position
        self.error: KafkaError | None = None
        self._missing = len(chunk.rows)

    @property
    def is_done(self) -> bool:
        return not self._missing and self.error is None

    def delivered(self, error: KafkaError | None, _message: object) -> None:
        self._missing -= 1
        self.error = self.error or error
