"""Consumers that are killed, frozen or joined by others at any moment: each effect happens once, in order."""

from signal import SIGCONT, SIGSTOP, SIGTERM

import psycopg
import pytest

from tests.faults.oracle import judge
from tests.faults.timing import pause, wait_until


@pytest.mark.faults
def test_a_consumer_killed_inside_its_transaction_leaves_nothing_half_done(world, seed):
    world.start_relay()
    world.start_writer(seed=seed)
    for _ in range(2):
        world.start_consumers()
        seen = world.value("SELECT count(*) FROM tests_sighting")
        wait_until(lambda n=seen: world.value("SELECT count(*) FROM tests_sighting") > n, "consumers do not run")
        with psycopg.connect(world.admin_url) as holder:
            holder.execute("LOCK TABLE tests_total IN EXCLUSIVE MODE")  # the effect's second half has to wait.
            wait_until(lambda: is_waiting_for_lock(world), "no consumer is inside its transaction")
            world.kill("consumers")
    world.start_consumers()
    world.end("writer")

    assert judge(world) > 0


def test_no_effect_is_lost_or_repeated_when_consumers_are_killed_thirty_times(world, seed, chance):
    world.start_relay()
    world.start_writer(seed=seed)
    world.start_consumers()
    for _ in range(30):
        pause(0.5 + 2 * chance.random())  # some kills hit the start, some a batch, some the moment between commits.
        world.kill("consumers")
        world.start_consumers()
    world.end("writer")

    assert judge(world) > 0


def test_no_effect_is_lost_or_repeated_when_members_come_and_go_every_second(world, seed, chance):
    world.start_relay()
    world.start_writer(seed=seed)
    world.start_consumers("permanent")
    members = []
    for n in range(15):
        members.append(f"member {n}")
        world.start_consumers(members[-1])
        pause(1)
        if len(members) > 2:
            member = members.pop(chance.randrange(len(members)))
            if chance.random() < 0.5:
                world.kill(member)
            else:
                assert world.end(member) in {0, -SIGTERM}  # the latter where it had not even begun.
    world.end("writer")

    assert judge(world) > 0


def test_a_member_that_sleeps_past_its_session_is_fenced_when_it_wakes_in_the_middle_of_a_batch(world, seed):
    world.start_relay()
    world.start_writer(seed=seed)
    world.start_consumers("sleeper")
    wait_until(lambda: world.value("SELECT count(*) FROM tests_sighting") > 0, "the sleeper does not run")
    epochs = world.value("SELECT sum(epoch) FROM streaming_offset")
    world.processes["sleeper"].send_signal(SIGSTOP)
    end_open_transactions(world)
    world.start_consumers("heir")
    wait_until(lambda: world.value("SELECT sum(epoch) FROM streaming_offset") > epochs, "nobody took over")
    world.processes["sleeper"].send_signal(SIGCONT)
    pause(3)
    world.end("writer")

    assert judge(world) > 0


def is_waiting_for_lock(world):
    return world.value(
        "SELECT count(*) > 0 FROM pg_stat_activity WHERE datname = current_database() AND wait_event_type = 'Lock'"
    )


def end_open_transactions(world):
    """What a frozen process holds in the database, its host's end would free; here the database does it."""
    world.rows(
        "SELECT pg_terminate_backend(pid) FROM pg_stat_activity"
        " WHERE datname = current_database() AND state LIKE 'idle in transaction%'"
    )
