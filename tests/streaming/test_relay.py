"""The relay on the real broker: all of the log arrives, in order, whoever dies."""

import os
import signal
import subprocess
import sys
import threading
import time
from collections import defaultdict
from uuid import uuid4

import pytest
from django.conf import settings
from django.db import connection, transaction

from kernel import context
from kernel.identifiers import new_id
from streaming import outbox
from streaming.broker_topics import apply_topics
from streaming.consuming.records import RawRecord
from streaming.database import connect
from streaming.envelope import open_envelope
from streaming.relaying import lease
from streaming.relaying.lease import LeaseLost
from streaming.relaying.loop import RelayLoop
from streaming.relaying.ranges import ranges
from streaming.relaying.reader import Position
from streaming.relaying.resizing import make_rows
from streaming.relaying.term import Term
from tests.support.builders.streaming import a_thing_moved
from tests.support.streams import is_all_sent, published, relay_once, running_relay
from tests.support.waiting import wait_until

pytestmark = pytest.mark.django_db(transaction=True)

(SHARDS,) = ranges()
TOPIC = "tests.things.v1"


@pytest.fixture
def seen_before() -> int:
    """How many records of earlier tests the topic holds."""
    apply_topics()
    return len(published(TOPIC))


def test_a_record_is_a_cloud_event_that_reads_back_as_what_was_recorded():
    event, event_id, cause = a_thing_moved(consent_id=uuid4()), new_id(), new_id()
    with transaction.atomic(), context.acting(correlation_id="call-1", causation_id=cause, traceparent="00-a-b-01"):
        outbox.record(event, event_id=event_id)

    relay_once()

    (record,) = [record for record in published(TOPIC) if record.key == str(event.thing_id)]
    received = open_envelope(record)
    assert (received.event, received.event_id, received.version) == (event, event_id, 1)
    assert (received.correlation_id, received.causation_id) == ("call-1", cause)
    assert (received.traceparent, received.consent_id) == ("00-a-b-01", event.consent_id)
    assert record.headers["ce_source"] == f"urn:millrace:{settings.INSTITUTION}"
    assert record.headers["pii-class"] == "personal"
    assert record.headers["ce_time"] == "2026-11-01T09:00:00.000000Z"


def test_all_of_a_backlog_arrives_once_and_in_order():
    things = [uuid4() for _ in range(40)]
    with transaction.atomic():
        for batch in range(5):
            outbox.record_many([a_thing_moved(things[n % 40], step=batch * 1000 + n) for n in range(1000)])

    relay_once()

    versions = versions_by_key(published(TOPIC))
    assert all(versions[str(thing)] == list(range(1, 126)) for thing in things)


def test_what_was_sent_is_not_sent_again(seen_before):
    with transaction.atomic():
        outbox.record_many([a_thing_moved() for _ in range(10)])
    relay_once()
    relay_once()

    assert len(published(TOPIC)) == seen_before + 10


def test_a_transaction_that_stays_open_delays_its_own_events_only(seen_before):
    thing = uuid4()
    begun, go = threading.Event(), threading.Event()

    def dawdle() -> None:
        with transaction.atomic():
            outbox.record(a_thing_moved(thing))
            begun.set()
            assert go.wait(30)
        connection.close()

    slow = threading.Thread(target=dawdle)
    slow.start()
    assert begun.wait(10)
    with transaction.atomic():
        outbox.record_many([a_thing_moved() for _ in range(10)])
    with running_relay():
        wait_until(lambda: len(published(TOPIC)) == seen_before + 10, "the others' events did not arrive")
        go.set()
        slow.join()
        wait_until(lambda: len(published(TOPIC)) == seen_before + 11, "the slow one's event did not arrive")


def test_a_former_leader_cannot_move_the_cursor():
    with connect() as session:
        make_rows(session)
        wait_until(lambda: lease.live_runners(session, name=SHARDS.name) == 0, "a lease is left over")
        former = lease.take(session, name=SHARDS.name, owner="former")
        assert former is not None
        wait_until(lambda: lease.live_runners(session, name=SHARDS.name) == 0, "the lease did not run out")
        with pytest.raises(LeaseLost):
            lease.store(session, former, Position(snap="900000000:900000000:"))
        present = lease.take(session, name=SHARDS.name, owner="present")
        assert present is not None
        with pytest.raises(LeaseLost):
            lease.store(session, former, Position(snap="900000000:900000000:"))
        lease.release(session, former)

        lease.store(session, present, present.position)
        assert (present.epoch, present.position) == (former.epoch + 1, former.position)
        lease.release(session, present)


def test_one_leads_one_waits_and_a_third_is_not_needed():
    with running_relay(), running_relay(), connect() as session:
        wait_until(lambda: lease.live_runners(session, name=SHARDS.name) == 2, "there are not two runners")
        third = RelayLoop(SHARDS, threading.Event())
        third.run()  # returns at once.


def test_a_leader_that_ends_hands_over_at_once():
    with running_relay() as first, running_relay(), connect() as session:
        wait_until(lambda: lease.live_runners(session, name=SHARDS.name) == 2, "there are not two runners")
        leader = leader_of(session)
        first.set()
        wait_until(lambda: leader_of(session) not in {leader, None}, "nobody took over", within_s=2)


def test_of_two_that_begin_together_the_one_who_waits_leads_when_the_other_s_term_is_over():
    stop = threading.Event()
    runners = [threading.Thread(target=RelayLoop(SHARDS, stop, term_s=2).run) for _ in range(2)]
    with connect() as session:
        for runner in runners:
            runner.start()
        wait_until(lambda: lease.live_runners(session, name=SHARDS.name) == 2, "there are not two runners")
        first = leader_of(session)
        wait_until(lambda: leader_of(session) not in {first, None}, "nobody took over")
        assert any(runner.is_alive() for runner in runners), "both ended with their term"
        stop.set()
        for runner in runners:
            runner.join()


def test_a_term_begins_with_leading_and_ends_where_somebody_waits():
    term = Term(0.2)
    assert not term.is_over(lambda: True)
    term.begin()
    wait_until(lambda: term.is_over(lambda: True), "the term does not end")


def test_a_term_lasts_on_while_nobody_waits_but_not_for_ever():
    asked: list[str] = []

    def somebody_waits() -> bool:
        asked.append("nobody does")
        return False

    term = Term(0.2)
    term.begin()
    wait_until(lambda: term.is_over(somebody_waits), "the term does not end")
    assert asked, "it ended without a look whether somebody waits"


@pytest.mark.processes
def test_nothing_is_lost_and_the_order_stays_when_relays_are_killed():
    apply_topics()
    things = [uuid4() for _ in range(10)]
    is_over = threading.Event()

    def write() -> None:
        step = 0
        while not is_over.is_set():
            with transaction.atomic():
                outbox.record_many([a_thing_moved(thing, step=step) for thing in things])
            step += 1
            is_over.wait(0.005)
        connection.close()

    writer = threading.Thread(target=write)
    relays = [start_relay() for _ in range(3)]
    try:
        with connect() as session:
            writer.start()
            for _ in range(2):
                wait_until(lambda: lease.live_runners(session, name=SHARDS.name) == 2, "there is nobody to wait")
                leader = leader_of(session)
                time.sleep(0.3)  # some traffic; the kill comes at no special moment.
                victim = next(relay for relay in relays if f":{relay.pid}:" in str(leader))
                victim.send_signal(signal.SIGKILL)
                victim.wait()
                wait_until(lambda former=leader: leader_of(session) not in {former, None}, "nobody took over")
        is_over.set()
        writer.join()
        wait_until(is_all_sent, "the log was not published")
    finally:
        is_over.set()
        for relay in relays:
            relay.kill()
            relay.wait()

    found = versions_by_key(published(TOPIC))
    with connection.cursor() as cursor:
        cursor.execute("SELECT aggregate_id, max(version) FROM streaming_event GROUP BY 1")
        committed = dict(cursor.fetchall())
    assert committed.keys() == {str(thing) for thing in things}
    assert {key: first_sightings(found[key]) for key in committed} == {
        key: list(range(1, last + 1)) for key, last in committed.items()
    }


def versions_by_key(records: list[RawRecord]) -> dict[str, list[int]]:
    versions: dict[str, list[int]] = defaultdict(list)
    for record in records:
        versions[str(record.key)].append(int(record.headers["aggregate-version"]))
    return versions


def first_sightings(versions: list[int]) -> list[int]:
    """Drop duplicates, as consumers do; what is left must be in order."""
    return list(dict.fromkeys(versions))


def leader_of(session: object) -> str | None:
    row = session.execute(  # type: ignore[attr-defined]
        "SELECT owner FROM streaming_relay WHERE name = %s AND lease_until >= clock_timestamp()", [SHARDS.name]
    ).fetchone()
    return row[0] if row else None


def start_relay() -> "subprocess.Popen[bytes]":
    return subprocess.Popen(
        [sys.executable, "manage.py", "relay"], cwd=settings.BASE_DIR, env=os.environ, stderr=subprocess.DEVNULL
    )
