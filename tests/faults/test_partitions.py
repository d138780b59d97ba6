"""Months of the log: they begin under load, and none goes that somebody still needs."""

from datetime import UTC, datetime, timedelta

import psycopg

from tests.faults.oracle import judge
from tests.faults.test_clocks import a_clock, set_clock
from tests.faults.timing import pause, wait_until


def test_nothing_is_lost_when_a_month_begins_under_load(world, seed):
    now = datetime.now(UTC)
    next_month = (now.replace(day=1, hour=0, minute=0, second=0, microsecond=0) + timedelta(days=32)).replace(day=1)
    clock = a_clock(world, (next_month - now).total_seconds() - 7200)
    world.start_consumers(FAULTS_CLOCK=clock)
    world.start_relay(FAULTS_CLOCK=clock)
    world.start_writer(seed=seed, environment={"FAULTS_CLOCK": clock})
    wait_until(lambda: len(world.account().done) > 10, "nothing is written")
    set_clock(clock, (next_month - datetime.now(UTC)).total_seconds() - 2)
    pause(5)
    world.end("writer")

    assert judge(world) > 0
    months = [name for (name,) in world.rows("SELECT DISTINCT tableoid::regclass::text FROM streaming_event")]
    assert f"streaming_event_{next_month:%Y_%m}" in months
    assert len(months) == 2


def test_a_month_is_not_dropped_before_all_of_it_is_published(world, seed):
    old_month = (datetime.now(UTC) - timedelta(days=190)).replace(day=1)
    make_month(world, old_month)
    clock = a_clock(world, (old_month + timedelta(days=10) - datetime.now(UTC)).total_seconds())
    world.write(seed=seed, seconds=2, environment={"FAULTS_CLOCK": clock})
    months = f"SELECT count(*) FROM streaming_event_{old_month:%Y_%m}"
    written = world.value(months)
    world.prepare_others(EVENT_RETENTION_MONTHS="3")
    following = (old_month + timedelta(days=32)).replace(day=1)

    told = world.manage("partitions", "drop", f"--before={following:%Y-%m}", "--yes", check=False)

    assert written > 0
    assert "stays" in told
    assert world.value(months) == written
    world.start_consumers()
    world.start_relay()
    assert judge(world) == written
    pause(1)
    world.manage("partitions", "drop", f"--before={following:%Y-%m}", "--yes")
    assert world.value("SELECT to_regclass(%s)", [f"streaming_event_{old_month:%Y_%m}"]) is None


def make_month(world, month):
    """Let the owner of the tables make a month that is long over."""
    with psycopg.connect(world.environment["DATABASE_OWNER_URL"]) as owner:
        owner.execute("SELECT streaming_make_partition('streaming_event', %s)", [month.date()])
