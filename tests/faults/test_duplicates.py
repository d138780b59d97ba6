"""Records that come again, for whatever reason, change nothing."""

import pytest

from tests.faults import broker
from tests.faults.oracle import judge
from tests.faults.purses import PURSES, RECEIPTS
from tests.faults.timing import wait_until


@pytest.mark.faults
def test_records_written_again_straight_to_the_topics_change_nothing(world, seed, chance):
    write_some(world, seed)
    for topic in (PURSES, RECEIPTS):
        records = broker.read_topic(world.bootstrap, world.prefix + topic)
        again = sorted(chance.sample(records, len(records) // 10), key=lambda record: record.offset)
        broker.write_records(world.bootstrap, world.prefix + topic, again)

    assert judge(world) > 0


def test_all_that_the_topics_hold_written_again_changes_nothing(world, seed):
    write_some(world, seed)
    for topic in (PURSES, RECEIPTS):
        records = broker.read_topic(world.bootstrap, world.prefix + topic)
        broker.write_records(world.bootstrap, world.prefix + topic, records)

    assert judge(world) > 0


def test_a_group_that_is_set_back_to_the_beginning_applies_nothing_twice(world, seed):
    write_some(world, seed)
    world.end("consumers")
    world.rows("UPDATE streaming_offset SET next_offset = 0")
    world.start_consumers()

    assert judge(world) > 0


def test_a_relay_that_is_set_back_to_the_beginning_repeats_all_and_consumers_apply_nothing_twice(world, seed):
    write_some(world, seed)
    world.end("relay")
    sent = sum(broker.ends(world.bootstrap, world.prefix + PURSES).values())
    world.rows("UPDATE streaming_relay SET snap = '3:3:', window_snap = NULL, last_id = 0")
    world.start_relay()
    wait_until(
        lambda: sum(broker.ends(world.bootstrap, world.prefix + PURSES).values()) >= 2 * sent, "it did not repeat"
    )

    assert judge(world) > 0


def write_some(world, seed):
    """Let a second's worth of deeds happen and arrive."""
    world.start_relay()
    world.start_consumers()
    world.write(seed=seed, seconds=2)
    judge(world)
