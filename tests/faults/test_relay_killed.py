"""Relays that are killed, or sleep past their lease: nothing is lost, the order stays, effects happen once."""

from signal import SIGCONT, SIGSTOP

import pytest

from tests.faults.oracle import judge
from tests.faults.timing import pause, wait_until


@pytest.mark.faults
def test_no_event_is_lost_reordered_or_applied_twice_when_relays_are_killed(world, seed, chance):
    kill_relays(world, seed, chance, kills=3)


def test_no_event_is_lost_reordered_or_applied_twice_in_fifty_kills_of_two_relays(world, seed, chance):
    kill_relays(world, seed, chance, kills=50)


def kill_relays(world, seed, chance, kills):
    """Kill leaders mostly, and those who wait sometimes, at any moment of their work."""
    world.start_consumers()
    for name in ("relay", "other relay"):
        world.start_relay(name)
    world.start_writer(seed=seed)
    for _ in range(kills):
        wait_until(lambda: world.leader() is not None, "nobody leads")
        pause(chance.random() * 0.8)
        leader = world.leader() or "relay"
        victim = leader if chance.random() < 0.8 else ({"relay", "other relay"} - {leader}).pop()
        world.kill(victim)
        world.start_relay(victim)
    world.end("writer")

    assert judge(world) > 0


@pytest.mark.faults
def test_a_leader_that_sleeps_past_its_lease_cannot_move_the_cursor_when_it_wakes(world, seed):
    world.start_consumers()
    for name in ("relay", "other relay"):
        world.start_relay(name)
    world.start_writer(seed=seed)
    for _ in range(2):
        wait_until(lambda: world.leader() and world.has_standby(), "there are not two relays")
        sleeper = world.leader()
        epoch = world.value("SELECT epoch FROM streaming_relay")
        world.processes[sleeper].send_signal(SIGSTOP)
        wait_until(lambda former=sleeper: world.leader() not in {None, former}, "nobody took over")
        heir = world.leader()
        world.processes[sleeper].send_signal(SIGCONT)
        wait_until(world.has_standby, "the sleeper did not step back")
        assert world.leader() == heir
        assert world.value("SELECT epoch FROM streaming_relay") == epoch + 1
    world.end("writer")

    assert judge(world) > 0
