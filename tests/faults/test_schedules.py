"""Everything at once: a minute of random faults, the same minute for the same seed."""

import random

from tests.faults.oracle import judge
from tests.faults.schedules import Faults
from tests.faults.timing import pause


def test_a_dozen_random_faults_lose_reorder_and_repeat_nothing(world, seed, chance: random.Random):
    for name in ("relay", "relay 2"):
        world.start_relay(name)
    for name in ("consumers", "consumers 2"):
        world.start_consumers(name)
    world.start_writer(seed=seed)
    faults = Faults(world, chance)
    for _ in range(12):
        pause(1 + 3 * chance.random())
        faults.strike()
    world.end("writer")

    assert judge(world, within_s=180) > 0
