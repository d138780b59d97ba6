"""Celery starts and watches the relay's loops: two runners of each range, however often it is told so."""

import threading
from contextlib import suppress

import pytest

from openbanking.celery import app
from streaming import tasks
from streaming.database import connect
from streaming.relaying import lease
from streaming.relaying.ranges import ranges
from streaming.relaying.resizing import make_rows
from tests.support.streams import running_relay
from tests.support.waiting import wait_until

pytestmark = pytest.mark.django_db(transaction=True)

(SHARDS,) = ranges()


@pytest.fixture(autouse=True)
def _nobody_runs():
    with connect() as session:
        make_rows(session)
        wait_until(lambda: runners() == 0, "a runner is left over")
    started_ranges()


def test_both_runners_of_a_range_are_started_where_nobody_runs():
    tasks.ensure_relays()

    assert started_ranges() == [SHARDS.name, SHARDS.name]


def test_only_the_missing_runner_is_started():
    with running_relay():
        wait_until(lambda: runners() == 1, "nobody leads")
        tasks.ensure_relays()

        assert started_ranges() == [SHARDS.name]


def test_two_beats_start_nothing_where_two_run_and_a_third_task_ends_at_once():
    with running_relay(), running_relay():
        wait_until(lambda: runners() == 2, "there are not two runners")
        tasks.ensure_relays()
        tasks.ensure_relays()
        tasks.relay(name=SHARDS.name)

        assert started_ranges() == []


def test_a_process_runs_one_of_the_two_only_so_that_they_never_die_together():
    first = threading.Thread(target=tasks.relay, kwargs={"name": SHARDS.name}, daemon=True)
    first.start()
    try:
        wait_until(lambda: runners() == 1, "nobody leads")
        tasks.relay(name=SHARDS.name)  # returns at once.

        assert (runners(), first.is_alive()) == (1, True)
    finally:
        tasks._stopping.set()
        first.join(15)
        tasks._stopping.clear()
    assert not first.is_alive()


def test_every_range_gets_its_runners(settings):
    settings.RELAY_RANGES = 2
    try:
        tasks.ensure_relays()

        assert sorted(started_ranges()) == ["relay:0-31", "relay:0-31", "relay:32-63", "relay:32-63"]
    finally:
        settings.RELAY_RANGES = 1
        with connect() as session:
            make_rows(session)


def test_a_task_that_another_number_of_ranges_left_ends_at_once():
    tasks.relay(name="relay:7-9")

    assert runners() == 0


def runners() -> int:
    with connect() as session:
        return lease.live_runners(session, name=SHARDS.name)


def started_ranges() -> list[str]:
    """Take the tasks from the relays' queue, and return the ranges that they would run."""
    names = []
    with app.connection_for_read() as broker, broker.SimpleQueue("relay") as waiting, suppress(waiting.Empty):
        while True:
            message = waiting.get_nowait()
            message.ack()
            if message.headers["task"] == tasks.relay.name:
                names.append(message.payload[1]["name"])
    return names
