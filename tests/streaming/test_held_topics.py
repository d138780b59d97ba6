"""A broken topic holds its own events; all others flow, and in the end everything arrives in order."""

import secrets
from uuid import UUID, uuid4

import pytest
from confluent_kafka.admin import AlterConfigOpType, ConfigEntry, ConfigResource, NewTopic, ResourceType
from django.db import connection, transaction

from streaming import kafka, outbox, topics
from streaming.database import connect
from streaming.flow import measure_held
from streaming.relaying import lease
from streaming.relaying.cursor import Cursor
from streaming.relaying.holding import HeldEvent
from streaming.relaying.lease import LeaseLost
from streaming.relaying.ranges import ranges
from streaming.relaying.reader import Position
from streaming.relaying.resizing import make_rows
from tests.support.builders.streaming import ThingMoved, a_thing_moved, a_thing_stopped
from tests.support.streams import is_all_sent, published, relay_once, running_relay
from tests.support.waiting import wait_until

pytestmark = pytest.mark.django_db(transaction=True)

SOUND = "tests.things.v1"


@pytest.fixture
def broken(monkeypatch: pytest.MonkeyPatch) -> str:
    """A topic that the broker does not have; moves go there, stops go to the sound one."""
    name = f"tests.broken-{uuid4().hex[:8]}.v1"
    monkeypatch.setattr(ThingMoved, "topic", name)
    return name


def test_the_events_of_other_topics_flow_while_one_is_missing(broken):
    thing, others = uuid4(), [a_thing_stopped() for _ in range(20)]
    with running_relay():
        with transaction.atomic():
            for step, other in enumerate(others):
                outbox.record_many([a_thing_moved(thing, step=step), other])
        wait_until(lambda: keys(SOUND) >= {str(other.thing_id) for other in others}, "the others did not arrive")
        wait_until(lambda: held_ids() == log_ids(broken), "the missing topic's events are not held")

    (held,) = measure_held()
    assert (held.topic, held.events) == (broken, 20)
    assert "no such topic" in held.error


def test_held_events_arrive_once_and_in_order_when_their_topic_is_there(broken):
    thing = uuid4()
    with running_relay():
        record_moves(thing, 0, 10)
        wait_until(lambda: len(held_ids()) == 10, "they are not held")
        make(broken)
        record_moves(thing, 10, 20)
        wait_until(is_all_sent, "they were not sent")
        record_moves(thing, 20, 30)
        wait_until(is_all_sent, "what came later was not sent")

    assert versions(broken) == list(range(1, 31))
    assert held_ids() == []


def test_what_a_former_leader_held_comes_before_what_is_new(broken):
    thing = uuid4()
    with running_relay():
        record_moves(thing, 0, 10)
        wait_until(lambda: len(held_ids()) == 10, "they are not held")
    make(broken)
    record_moves(thing, 10, 15)

    relay_once()

    assert versions(broken) == list(range(1, 16))


def test_a_topic_that_is_deleted_is_held_and_the_others_flow(broken):
    make(broken)
    thing = uuid4()
    with running_relay():
        record_moves(thing, 0, 3)
        wait_until(is_all_sent, "they were not sent")
        delete(broken)
        record_moves(thing, 3, 6)
        other = a_thing_stopped()
        with transaction.atomic():
            outbox.record(other)
        wait_until(lambda: str(other.thing_id) in keys(SOUND), "the other one did not arrive")
        wait_until(lambda: len(held_ids()) == 3, "they are not held")
        make(broken)
        wait_until(is_all_sent, "they were not sent again")

    assert versions(broken) == [4, 5, 6]


def test_a_record_that_is_too_large_holds_its_topic_from_there_on(broken):
    make(broken, largest_record=2_000)
    thing = uuid4()
    with running_relay():
        record_moves(thing, 0, 2)
        wait_until(is_all_sent, "they were not sent")
        with transaction.atomic():
            outbox.record(a_thing_moved(thing, step=2, whose=secrets.token_hex(5_000)))
        record_moves(thing, 3, 5)
        wait_until(lambda: len(held_ids()) == 3, "they are not held")
        limit(broken, 1_000_000)
        wait_until(is_all_sent, "they were not sent again", within_s=60)

    assert versions(broken) == [1, 2, 3, 4, 5]


def test_a_leader_that_lost_its_lease_holds_nothing():
    with transaction.atomic():
        outbox.record(a_thing_moved())
    with connection.cursor() as cursor:
        cursor.execute("SELECT event_id::text FROM streaming_event")
        ((event_id,),) = cursor.fetchall()
    with connect() as session:
        make_rows(session)
        name = ranges()[0].name
        wait_until(lambda: lease.live_runners(session, name=name) == 0, "a lease is left over")
        leadership = lease.take(session, name=name, owner="former")
        assert leadership is not None
        former = Cursor(session, leadership)
        former.move(Position(snap="900000000:900000000:"), [HeldEvent(event_id, SOUND, "broken")])
        lease.release(session, leadership)
        with pytest.raises(LeaseLost):
            former.store()

    assert held_ids() == []


def make(topic: str, *, largest_record: int = 1_000_000) -> None:
    """Make a topic that is not declared: nobody corrects its settings."""
    admin = kafka.new_admin()
    wanted = NewTopic(
        topics.topic_name(topic), 1, replication_factor=1, config={"max.message.bytes": str(largest_record)}
    )
    for future in admin.create_topics([wanted]).values():
        future.result()


def delete(topic: str) -> None:
    admin = kafka.new_admin()
    for future in admin.delete_topics([topics.topic_name(topic)]).values():
        future.result()


def limit(topic: str, size: int) -> None:
    """Set the size of the largest record that a topic takes."""
    entry = ConfigEntry("max.message.bytes", str(size), incremental_operation=AlterConfigOpType.SET)
    resource = ConfigResource(ResourceType.TOPIC, topics.topic_name(topic), incremental_configs=[entry])
    admin = kafka.new_admin()
    for future in admin.incremental_alter_configs([resource]).values():
        future.result()


def record_moves(thing: UUID, first: int, end: int) -> None:
    for step in range(first, end):
        with transaction.atomic():
            outbox.record(a_thing_moved(thing, step=step))


def held_ids() -> list[int]:
    with connection.cursor() as cursor:
        cursor.execute("SELECT id FROM streaming_held ORDER BY id")
        return [id_ for (id_,) in cursor.fetchall()]


def log_ids(topic: str) -> list[int]:
    with connection.cursor() as cursor:
        cursor.execute("SELECT id FROM streaming_event WHERE topic = %s ORDER BY id", [topic])
        return [id_ for (id_,) in cursor.fetchall()]


def keys(topic: str) -> set[str | None]:
    return {record.key for record in published(topic)}


def versions(topic: str) -> list[int]:
    """Drop duplicates, as consumers do: a busy machine may take the lease away."""
    return list(dict.fromkeys(int(record.headers["aggregate-version"]) for record in published(topic)))
