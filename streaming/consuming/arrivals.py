"""What has come from the broker and is not applied yet; when much is coming, it is read ahead of its turn."""

from collections.abc import Callable, Collection, Sequence
from concurrent.futures import Future, ThreadPoolExecutor
from typing import Any

import msgspec
from confluent_kafka import Consumer, Message

from streaming.consuming.items import Item, read_item
from streaming.consuming.offsets import Partition
from streaming.consuming.records import RawRecord
from streaming.consuming.registry import Group
from streaming.envelope import decode_headers, record_time, to_key
from streaming.topics import without_prefix

BATCH = 1000


class Arrivals:
    """
    The way from one client to a group's batches; for one thread, and closed at the end.

    While that thread waits for the database to apply a full batch, another one reads the messages of the next.
    ``on_error`` is given each message that is an error instead of a record.
    """

    def __init__(self, group: Group, consumer: Consumer, on_error: Callable[[Message], None]) -> None:
        self._group = group
        self._consumer = consumer
        self._on_error = on_error
        self._arrived: list[_Arrival] = []
        self._thread = ThreadPoolExecutor(1, thread_name_prefix=f"{group.name}, ahead")
        self._reading: Future[None] | None = None

    def next_batch(self, wait_s: float) -> Sequence[Item]:
        """Wait for one message, then take what has come beside it: quick when little comes, large when much."""
        if not self._arrived and (first := self._consumer.poll(wait_s)) is not None:
            self.keep([first])
        if self._arrived:
            # While this asks the broker, partitions may come and go, and drop() with them: not in one step.
            arrived = self._consumer.consume(max(2 * BATCH - len(self._arrived), 1), 0)
            self.keep(arrived)
        batch, self._arrived = self._arrived[:BATCH], self._arrived[BATCH:]
        items = self._read_by_now(batch)
        if self._arrived:
            self._reading = self._thread.submit(_read, self._group, self._arrived[:BATCH])
        return items

    def keep(self, messages: Sequence[Message]) -> None:
        """Take messages in; an error is dealt with at once."""
        self._arrived += [_Arrival(message) for message in messages if message.error() is None]
        for message in messages:
            if message.error() is not None:
                self._on_error(message)

    def drop(self, partitions: Collection[Partition]) -> None:
        """Forget what came of partitions that are read from their stored place again."""
        self._arrived = [arrival for arrival in self._arrived if arrival.partition not in partitions]

    def close(self) -> None:
        """End the other thread."""
        self._thread.shutdown()

    def _read_by_now(self, batch: Sequence["_Arrival"]) -> list[Item]:
        if self._reading is not None:
            self._reading.result()
            self._reading = None
        _read(self._group, batch)
        return [arrival.item for arrival in batch if arrival.item is not None]


class _Arrival(msgspec.Struct, gc=False):
    message: Message
    item: Item | None = None

    @property
    def partition(self) -> Partition:
        return without_prefix(self.message.topic() or ""), self.message.partition()


def _read(group: Group, batch: Sequence[_Arrival]) -> None:
    for arrival in batch:
        if arrival.item is None:
            arrival.item = read_item(group, record_of(arrival.message))


def record_of(message: Any) -> RawRecord:
    """Return a message of the broker as handlers see it; the deployment's prefix is taken off its topic."""
    key = message.key()
    return RawRecord(
        topic=without_prefix(message.topic()),
        partition=message.partition(),
        offset=message.offset(),
        key=None if key is None else to_key(key),
        value=message.value() or b"",
        headers=decode_headers(message.headers()),
        timestamp=record_time(message.timestamp()[1]),
    )
