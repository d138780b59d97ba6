"""The broker goes away: events wait in the database, writers notice nothing, and all of it arrives in the end."""

from signal import SIGCONT, SIGSTOP

import psutil
import pytest

from tests.faults.oracle import judge
from tests.faults.timing import pause


@pytest.mark.faults
def test_events_wait_for_a_killed_broker_and_writers_go_on(world, seed):
    outlast_killed_broker(world, seed, seconds=3)


def test_events_wait_for_a_broker_that_is_away_for_a_minute(world, seed):
    outlast_killed_broker(world, seed, seconds=60)


def test_nothing_is_lost_when_the_broker_is_killed_again_and_again(world, seed, chance):
    start_all(world, seed)
    for _ in range(5):
        pause(1 + 3 * chance.random())
        world.kill_service("kafka")
        pause(2 * chance.random())
        world.bring_up()
    world.end("writer")

    assert judge(world) > 0


def test_nothing_is_lost_when_the_broker_freezes_and_thaws(world, seed, chance):
    start_all(world, seed)
    kafka = psutil.Process(world.services.service("kafka").pid)
    for _ in range(3):
        pause(1 + chance.random())
        kafka.send_signal(SIGSTOP)
        pause(4 + 6 * chance.random())  # longer than the sessions of its clients, sometimes.
        kafka.send_signal(SIGCONT)
    world.end("writer")

    assert judge(world) > 0


def outlast_killed_broker(world, seed, seconds):
    start_all(world, seed)
    pause(2)
    world.kill_service("kafka")
    before = len(world.account().done)
    pause(seconds)
    during = len(world.account().done) - before
    world.bring_up()
    world.end("writer")

    assert during > 30 * seconds, "writers were held up"
    assert judge(world) > 0


def start_all(world, seed):
    world.start_consumers()
    world.start_relay()
    world.start_writer(seed=seed)
