"""Clocks of processes are wrong, or jump: leases and order depend on none of them."""

from pathlib import Path

import pytest

from tests.faults.oracle import judge
from tests.faults.timing import pause

DAY_S = 86_400


@pytest.mark.parametrize("wrong_by_s", [-DAY_S, DAY_S])
def test_nothing_is_lost_or_reordered_when_one_half_of_the_processes_is_a_day_off(world, seed, wrong_by_s):
    clock = a_clock(world, wrong_by_s)
    world.start_consumers()
    world.start_relay("right relay")
    world.start_relay("wrong relay", FAULTS_CLOCK=clock)
    world.start_writer("right writer", seed=seed)
    world.start_writer("wrong writer", seed=seed + 1, environment={"FAULTS_CLOCK": clock})
    pause(4)
    for name in ("right writer", "wrong writer"):
        world.end(name)

    assert judge(world) > 0


def test_nothing_is_lost_or_reordered_when_clocks_step_to_and_fro(world, seed, chance):
    clock = a_clock(world, 0)
    world.start_consumers(FAULTS_CLOCK=clock)
    world.start_relay(FAULTS_CLOCK=clock)
    world.start_writer(seed=seed, environment={"FAULTS_CLOCK": clock})
    for _ in range(12):
        pause(0.5)
        set_clock(clock, chance.choice([-DAY_S, -3600, -1, 0, 1, 3600, DAY_S]))
    world.end("writer")

    assert judge(world) > 0


def test_events_of_a_month_without_partition_are_kept_and_published_all_the_same(world, seed):
    clock = a_clock(world, 800 * DAY_S)
    world.start_consumers()
    world.start_relay()
    world.start_writer(seed=seed, environment={"FAULTS_CLOCK": clock})
    pause(2)
    world.end("writer")

    assert world.value("SELECT count(*) FROM streaming_event_default") > 0
    assert judge(world) > 0


def a_clock(world, wrong_by_s):
    clock = world.folder / "clock"
    set_clock(clock, wrong_by_s)
    return str(clock)


def set_clock(clock, wrong_by_s):
    """In one step: a process never reads half a number."""
    draft = Path(f"{clock}.new")
    draft.write_text(str(wrong_by_s))
    draft.replace(clock)
