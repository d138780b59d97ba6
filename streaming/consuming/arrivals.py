"""What has come from the broker and is not applied yet; when much is coming, it is read ahead of its turn."""

from collections.abc import Callable, Collection, Sequence
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
READ_AT_ONCE = 10
"""That takes a quarter of a millisecond at most."""


class Arrivals:
    """
    The way from one client to a group's batches.

    While the database applies a full batch, the messages of the next are read, a few at a time. ``on_error`` is given
    each message that is an error instead of a record.
    """

    def __init__(self, group: Group, consumer: Consumer, on_error: Callable[[Message], None]) -> None:
        self._group = group
        self._consumer = consumer
        self._on_error = on_error
        self._arrived: list[_Arrival] = []
        self._read_to = 0

    def next_batch(self, wait_s: float) -> Sequence[Item]:
        """Wait for one message, then take what has come beside it: quick when little comes, large when much."""
        if not self._arrived and (first := self._consumer.poll(wait_s)) is not None:
            self.keep([first])
        if self._arrived:
            # While this asks the broker, partitions may come and go, and drop() with them: not in one step.
            arrived = self._consumer.consume(max(2 * BATCH - len(self._arrived), 1), 0)
            self.keep(arrived)
        batch, self._arrived = self._arrived[:BATCH], self._arrived[BATCH:]
        self._read_to = 0
        return [arrival.read(self._group) for arrival in batch]

    def read_some(self) -> bool:
        """Read a few of what will be the next batch, ahead of its turn; say whether there were any."""
        some = self._arrived[self._read_to : min(self._read_to + READ_AT_ONCE, BATCH)]
        for arrival in some:
            arrival.read(self._group)
        self._read_to += len(some)
        return bool(some)

    def keep(self, messages: Sequence[Message]) -> None:
        """Take messages in; an error is dealt with at once."""
        self._arrived += [_Arrival(message) for message in messages if message.error() is None]
        for message in messages:
            if message.error() is not None:
                self._on_error(message)

    def drop(self, partitions: Collection[Partition]) -> None:
        """Forget what came of partitions that are read from their stored place again."""
        self._arrived = [arrival for arrival in self._arrived if arrival.partition not in partitions]
        self._read_to = 0


class _Arrival(msgspec.Struct, gc=False):
    message: Message
    item: Item | None = None

    @property
    def partition(self) -> Partition:
        return came_from(self.message)

    def read(self, group: Group) -> Item:
        """Return the item; it is made once."""
        if self.item is None:
            self.item = read_item(group, record_of(self.message))
        return self.item


def came_from(message: Message) -> Partition:
    """Return the partition of a message, or of the error that came in place of one."""
    return without_prefix(message.topic() or ""), message.partition()


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
