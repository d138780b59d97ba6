"""What was read of partitions that come, or are claimed anew, while a runner is at something else."""

import threading
from collections.abc import Callable, Iterator, Sequence
from itertools import count
from typing import Any

import pytest
from confluent_kafka import TopicPartition
from django.db import OperationalError
from django.db.models import F

from streaming.consuming.records import Received
from streaming.consuming.registry import Group, Handler
from streaming.consuming.runner import GroupRunner
from streaming.models import Offset
from streaming.topics import topic_name
from tests.support.builders.streaming import ThingMoved, a_thing_moved
from tests.support.streams import a_record_of

pytestmark = pytest.mark.django_db(transaction=True)

GROUP = "tests.late-messages"
THINGS = "tests.things.v1"
FIRST, SECOND = 0, 1
"""Two partitions."""


def test_what_was_read_of_a_partition_before_it_was_claimed_anew_elsewhere_is_not_applied(client, stop):
    given: list[int] = []
    Offset.objects.create(group=GROUP, topic=THINGS, partition=FIRST, next_offset=7, epoch=1)

    client.polls = iter([lambda: arrive(client, 7), stop.set])
    client.consumes = iter([lambda: move_back(client)])
    GroupRunner(a_group(lambda batch: given.extend(each.offset for each in batch)), stop).run()

    assert given == []
    assert Offset.objects.get(group=GROUP).next_offset == 0


def test_what_was_read_ahead_of_a_partition_is_not_applied_once_it_is_claimed_anew(client, stop, monkeypatch):
    monkeypatch.setattr("streaming.consuming.arrivals.BATCH", 1)
    given: list[int] = []
    Offset.objects.create(group=GROUP, topic=THINGS, partition=FIRST, next_offset=7, epoch=1)

    client.polls = iter([lambda: arrive(client, 7), stop.set])
    client.consumes = iter([lambda: [Message(FIRST, 8)], lambda: move_back(client)])
    GroupRunner(a_group(lambda batch: given.extend(each.offset for each in batch)), stop).run()

    assert given == [7]
    assert Offset.objects.get(group=GROUP).next_offset == 0


def test_what_was_read_ahead_is_applied_in_its_turn(client, stop, monkeypatch):
    monkeypatch.setattr("streaming.consuming.arrivals.BATCH", 2)
    given: list[list[int]] = []

    client.polls = iter([lambda: arrive(client, 0), stop.set])
    client.consumes = iter([lambda: [Message(FIRST, n) for n in (1, 2, 3)], lambda: [Message(FIRST, 4)]])
    GroupRunner(a_group(lambda batch: given.append([each.offset for each in batch])), stop).run()

    assert given == [[0, 1], [2, 3], [4]]


def test_a_partition_that_comes_while_the_database_is_waited_for_waits_as_well(client, stop):
    attempts: list[list[tuple[int, int]]] = []

    def apply(batch: Sequence[Received[ThingMoved]]) -> None:
        attempts.append([(received.partition, received.offset) for received in batch])
        if len(attempts) == 1:
            raise OperationalError("the database is away")

    def polls() -> Iterator[Callable[[], Any]]:
        yield lambda: client.assign(FIRST) or Message(FIRST, 0)
        yield lambda: client.assign(SECOND)
        offsets = count()
        while len(attempts) < 3:
            yield lambda: None if client.is_paused(SECOND) else Message(SECOND, next(offsets))
        yield stop.set

    client.polls = polls()
    GroupRunner(a_group(apply), stop).run()

    assert attempts == [[(FIRST, 0)], [(FIRST, 0)], [(SECOND, 0)]]


def arrive(client: "Client", offset: int) -> "Message":
    """Assign a partition, and return its first message."""
    client.assign(FIRST)
    return Message(FIRST, offset)


def move_back(client: "Client") -> list["Message"]:
    """Let the group stand at the beginning of a partition, and assign that anew."""
    Offset.objects.filter(group=GROUP).update(next_offset=0, epoch=F("epoch") + 1)
    client.lose(FIRST)
    client.assign(FIRST)
    return []


def a_group(apply: Callable[[Sequence[Received[ThingMoved]]], None]) -> Group:
    return Group(name=GROUP, by_type={ThingMoved.name: Handler(apply=apply)}, topics={THINGS})


class Message:
    """A record as the client gives it."""

    def __init__(self, partition: int, offset: int) -> None:
        self._record = a_record_of(a_thing_moved(), partition=partition, offset=offset)

    def error(self) -> None:
        return None

    def topic(self) -> str:
        return topic_name(self._record.topic)

    def partition(self) -> int:
        return self._record.partition

    def offset(self) -> int:
        return self._record.offset

    def key(self) -> bytes:
        return str(self._record.key).encode()

    def value(self) -> bytes:
        return self._record.value

    def headers(self) -> list[tuple[str, bytes]]:
        return [(name, text.encode()) for name, text in self._record.headers.items()]

    def timestamp(self) -> tuple[int, int]:
        return 1, 0


class Client:
    """A Kafka client whose answers are written down before: what happens at each call of ``poll`` and ``consume``."""

    def __init__(self) -> None:
        self.polls: Iterator[Callable[[], Any]] = iter(())
        self.consumes: Iterator[Callable[[], list[Message]]] = iter(())
        self._paused: set[int] = set()

    def subscribe(self, _topics: Sequence[str], **callbacks: Callable[..., None]) -> None:
        self._callbacks = callbacks

    def assign(self, number: int) -> None:
        self._callbacks["on_assign"](self, [TopicPartition(topic_name(THINGS), number)])

    def lose(self, number: int) -> None:
        self._callbacks["on_lost"](self, [TopicPartition(topic_name(THINGS), number)])

    def is_paused(self, number: int) -> bool:
        return number in self._paused

    def poll(self, _timeout_s: float) -> Message | None:
        message: Message | None = next(self.polls)()
        return message

    def consume(self, _count: int, _timeout_s: float) -> list[Message]:
        return next(self.consumes, list)()

    def pause(self, places: Sequence[TopicPartition]) -> None:
        self._paused |= {place.partition for place in places}

    def resume(self, places: Sequence[TopicPartition]) -> None:
        self._paused -= {place.partition for place in places}

    def incremental_assign(self, _places: Sequence[TopicPartition]) -> None: ...

    def incremental_unassign(self, _places: Sequence[TopicPartition]) -> None: ...

    def commit(self, **_options: Any) -> None: ...

    def close(self) -> None: ...


@pytest.fixture
def stop() -> threading.Event:
    return threading.Event()


@pytest.fixture
def client(monkeypatch: pytest.MonkeyPatch) -> Client:
    """The client that the next runner is given."""
    scripted = Client()
    monkeypatch.setattr("streaming.kafka.new_consumer", lambda *_: scripted)
    return scripted
