"""Consumers on the real broker: exactly once, through the loss of their database or of themselves."""

import os
import signal
import subprocess
import sys
import threading
from collections.abc import Iterator
from contextlib import closing, contextmanager
from uuid import UUID, uuid4

import psycopg
import pytest
from django.conf import settings
from django.db import connection, transaction
from psycopg import sql
from psycopg.rows import TupleRow

from streaming import outbox
from streaming.consuming.registry import get_group
from streaming.consuming.runner import GroupRunner
from streaming.health import flow
from streaming.models import Offset
from tests.streaming import effects
from tests.support.builders.streaming import a_thing_moved
from tests.support.streams import drain, relay_once
from tests.support.waiting import wait_until

pytestmark = pytest.mark.django_db(transaction=True)

GROUP = "tests.effects"
Admin = psycopg.Connection[TupleRow]


def test_a_new_group_begins_with_the_earliest_record_and_applies_each_once():
    things = [uuid4() for _ in range(30)]
    publish(*[a_thing_moved(things[n % 30]) for n in range(300)])

    drain(GROUP)
    drain(GROUP)

    for thing in things:
        assert [version for _, each, version in effects.effects() if each == thing] == list(range(1, 11))


def test_partitions_move_between_members_without_loss_or_repetition():
    thing = uuid4()
    with running_consumer(), running_consumer():
        for step in range(10):
            publish(a_thing_moved(thing, step=step))
        with running_consumer():
            for step in range(10, 20):
                publish(a_thing_moved(thing, step=step))
            wait_until(lambda: len(versions_of(thing)) >= 20, "not all was applied")

    assert versions_of(thing) == list(range(1, 21))


def test_a_lost_database_connection_is_waited_out(admin):
    thing = uuid4()
    publish(a_thing_moved(thing))
    with running_consumer():
        wait_until(lambda: versions_of(thing) == [1], "the first one was not applied")
        for step in (2, 3, 4):
            cut_other_sessions(admin)
            publish(a_thing_moved(thing, step=step))
        wait_until(lambda: len(versions_of(thing)) >= 4, "not all was applied")

    assert versions_of(thing) == [1, 2, 3, 4]


def test_a_partition_that_was_lost_while_it_was_paused_flows_when_it_comes_back(admin):
    things = [uuid4() for _ in range(20)]  # on all partitions.
    stop = threading.Event()
    runner = GroupRunner(get_group(GROUP), stop)
    member = threading.Thread(target=runner.run, daemon=True)
    publish(*map(a_thing_moved, things))
    member.start()
    try:
        wait_until(lambda: count_of(things) == 20, "the first ones were not applied")
        with closing(psycopg.connect(os.environ["DATABASE_ADMIN_URL"])) as holder:
            holder.execute("SELECT FROM streaming_offset FOR UPDATE")
            publish(*map(a_thing_moved, things))
            wait_until(lambda: is_a_session_waiting(admin), "the second ones were not read")
            allow_connections(admin, False)
            cut_other_sessions(admin)
        with running_consumer():
            wait_until(lambda: len(runner.assigned) < 3, "the other member got nothing")
            allow_connections(admin, True)
            wait_until(lambda: count_of(things) == 40, "the second ones were not applied")
        publish(*map(a_thing_moved, things))
        wait_until(lambda: count_of(things) >= 60, "not all was applied")
    finally:
        allow_connections(admin, True)
        stop.set()
        member.join(15)

    assert all(versions_of(thing) == [1, 2, 3] for thing in things)


def test_what_a_failover_took_back_is_applied_again(admin):
    thing = uuid4()
    with running_consumer():
        publish(a_thing_moved(thing))
        publish(a_thing_moved(thing))
        wait_until(lambda: versions_of(thing) == [1, 2], "the first ones were not applied")
        # As if a standby had taken over that had not got the last transaction yet.
        admin.execute("DELETE FROM tests_effect WHERE thing_id = %s AND version = 2", [thing])
        admin.execute(
            "DELETE FROM streaming_inbox WHERE event_id IN"
            " (SELECT event_id FROM streaming_event WHERE aggregate_id = %s AND version = 2)",
            [str(thing)],
        )
        admin.execute(
            'UPDATE streaming_offset SET next_offset = next_offset - 1 WHERE "group" = %s AND next_offset > 0', [GROUP]
        )
        publish(a_thing_moved(thing))
        wait_until(lambda: len(versions_of(thing)) >= 3, "not all was applied")

    assert versions_of(thing) == [1, 2, 3]


@pytest.mark.processes
def test_a_killed_consumer_loses_and_repeats_nothing():
    thing = uuid4()
    for step in range(2):
        process = start_consumer()
        publish(*[a_thing_moved(thing, step=step) for _ in range(200)])
        wait_until(lambda seen=step * 200: len(versions_of(thing)) > seen, "the consumer does not run")
        process.send_signal(signal.SIGKILL)
        process.wait()
    drain(GROUP)

    assert versions_of(thing) == list(range(1, 401))


@pytest.mark.processes
def test_a_consumer_ends_soon_after_it_is_asked_to():
    process = start_consumer()
    publish(a_thing_moved())
    wait_until(effects.effects, "the consumer does not run")
    process.terminate()
    assert process.wait(timeout=10) == 0


def test_health_names_what_does_not_flow(now):
    publish(a_thing_moved())
    drain(GROUP)
    parts = {finding.part for finding in flow(now)}
    assert "broker" not in parts
    assert f"group {GROUP}" not in parts

    settings_away = {"KAFKA_BOOTSTRAP_SERVERS": "127.0.0.1:1"}
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(settings, "KAFKA_BOOTSTRAP_SERVERS", settings_away["KAFKA_BOOTSTRAP_SERVERS"])
        assert "broker" in {finding.part for finding in flow(now)}


def test_offsets_are_kept_in_the_database():
    publish(a_thing_moved())
    drain(GROUP)
    assert sum(Offset.objects.filter(group=GROUP).values_list("next_offset", flat=True)) > 0


def publish(*events: object) -> None:
    with transaction.atomic():
        outbox.record_many(events)  # type: ignore[arg-type]
    relay_once()


def count_of(things: list[UUID]) -> int:
    """Count what was applied of these things; the topic also holds those of other tests."""
    return sum(thing in things for _, thing, _ in effects.effects())


def versions_of(thing: object) -> list[int]:
    return [version for _, each, version in effects.effects() if each == thing]


def cut_other_sessions(admin: Admin) -> None:
    """End every session of the platform but the test's own."""
    connection.ensure_connection()
    admin.execute(
        "SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE datname = current_database() AND pid <> ALL (%s)",
        [[connection.connection.info.backend_pid, admin.info.backend_pid]],
    )


def allow_connections(admin: Admin, is_allowed: bool) -> None:
    """Open or shut the database for new sessions."""
    statement = sql.SQL("UPDATE pg_database SET datallowconn = {} WHERE datname = current_database()")
    admin.execute(statement.format(is_allowed))


def is_a_session_waiting(admin: Admin) -> bool:
    """Say whether some session waits for a lock."""
    row = admin.execute(
        "SELECT count(*) FROM pg_stat_activity WHERE datname = current_database() AND wait_event_type = 'Lock'"
    ).fetchone()
    return bool(row and row[0])


@pytest.fixture
def admin() -> Iterator[Admin]:
    """A superuser's session in the tests' database."""
    with psycopg.connect(os.environ["DATABASE_ADMIN_URL"], autocommit=True) as session:
        yield session


@contextmanager
def running_consumer() -> Iterator[None]:
    """Run a member of the group beside the test."""
    stop = threading.Event()
    thread = threading.Thread(target=GroupRunner(get_group(GROUP), stop).run, daemon=True)
    thread.start()
    try:
        yield
    finally:
        stop.set()
        thread.join(15)


def start_consumer() -> "subprocess.Popen[bytes]":
    """Start a real process; the tests' own groups are known to it by their module."""
    command = "import tests.streaming.effects; from django.core.management import execute_from_command_line as run"
    return subprocess.Popen(
        [
            sys.executable,
            "-c",
            f"import django; django.setup(); {command}; run(['manage.py', 'consume', '{GROUP}'])",
        ],
        cwd=settings.BASE_DIR,
        env={**os.environ, "DJANGO_SETTINGS_MODULE": "openbanking.settings"},
        stderr=subprocess.DEVNULL,
    )
