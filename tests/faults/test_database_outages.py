"""PostgreSQL is killed, or ends sessions and transactions as it likes: what it confirmed stays, and happens once."""

import psycopg
import pytest

from tests.faults.oracle import judge
from tests.faults.timing import pause, wait_until


@pytest.mark.faults
def test_nothing_is_lost_when_the_database_is_killed_under_load_while_all_others_live(world, seed, chance):
    kill_database(world, seed, chance, kills=1)


def test_nothing_is_lost_when_the_database_is_killed_twelve_times(world, seed, chance):
    """A position in a relay's memory would miss events after some of these: transaction ids are used again."""
    kill_database(world, seed, chance, kills=12)


def test_nothing_is_lost_when_sessions_are_ended_at_random(world, seed, chance):
    start_all(world, seed)
    for _ in range(40):
        pause(chance.random())
        world.rows(
            "SELECT pg_terminate_backend(pid) FROM (SELECT pid FROM pg_stat_activity"
            " WHERE datname = current_database() AND pid <> pg_backend_pid() ORDER BY random() LIMIT %s) s",
            [chance.randint(1, 4)],
        )
    world.end("writer")

    assert judge(world) > 0


def test_nothing_is_lost_when_statements_are_cancelled_at_random(world, seed, chance):
    start_all(world, seed)
    for _ in range(150):
        pause(chance.random() * 0.2)
        world.rows(
            "SELECT pg_cancel_backend(pid) FROM pg_stat_activity WHERE datname = current_database()"
            " AND pid <> pg_backend_pid() AND state = 'active' AND random() < 0.5"
        )
    world.end("writer")

    assert judge(world) > 0


def test_a_relay_whose_row_is_locked_past_its_lease_begins_anew_and_loses_nothing(world, seed):
    start_all(world, seed)
    for _ in range(3):
        wait_until(lambda: world.leader() is not None, "nobody leads")
        with psycopg.connect(world.admin_url) as holder:
            holder.execute("SELECT FROM streaming_relay FOR UPDATE")
            pause(3)
    world.end("writer")

    assert judge(world) > 0


def test_deadlocks_with_consumers_are_tried_again_and_set_nothing_aside(world, seed, chance):
    start_all(world, seed)
    wait_until(lambda: world.value("SELECT count(*) FROM tests_total") > 5, "consumers do not run")
    deadlocks = 0
    for _ in range(25):
        with psycopg.connect(world.admin_url) as other:
            try:
                other.execute("SET LOCAL deadlock_timeout = '30s'")  # so that it is the platform that gives in.
                other.execute("SELECT FROM tests_total ORDER BY random() LIMIT 3 FOR UPDATE")
                pause(chance.random() * 0.3)
                other.execute("LOCK TABLE streaming_offset IN EXCLUSIVE MODE")
            except psycopg.errors.DeadlockDetected:
                deadlocks += 1
            other.rollback()
    world.end("writer")

    assert world.value("SELECT deadlocks FROM pg_stat_database WHERE datname = current_database()") > deadlocks
    assert judge(world) > 0


def kill_database(world, seed, chance, kills):
    start_all(world, seed)
    for _ in range(kills):
        pause(2 + 2 * chance.random())
        world.kill_service("postgres")
        pause(chance.random())
        world.bring_up()
    pause(1)
    world.end("writer")

    assert judge(world) > 0


def start_all(world, seed):
    world.start_consumers()
    world.start_relay()
    world.start_relay("other relay")
    world.start_writer(seed=seed)
