"""What people want of a running group: pause it, move it, let it go on; and when it stops a partition by itself."""

import threading
from collections import Counter
from collections.abc import Iterator
from contextlib import contextmanager
from uuid import UUID, uuid4

import pytest
from django.db import connection, transaction
from django.db.models import F

from streaming import outbox
from streaming.consuming.budget import LETTERS
from streaming.consuming.registry import get_group
from streaming.consuming.runner import GroupRunner
from streaming.models import DeadLetter, GroupState, Offset
from tests.streaming import effects
from tests.streaming.effects import DISLIKED_STEP
from tests.support.builders.streaming import a_thing_moved
from tests.support.streams import drain, published, relay_once
from tests.support.waiting import wait_until

pytestmark = pytest.mark.django_db(transaction=True)

GROUP = "tests.effects"
PICKY = "tests.picky"
PARTITIONS = 3


def test_a_paused_group_keeps_its_partitions_and_goes_on_by_itself_when_it_is_resumed(now):
    things = [uuid4() for _ in range(20)]
    with running() as runner:
        publish(*things)
        wait_until(lambda: versions(things) == [1] * 20, "the first ones were not applied")
        GroupState.objects.create(group=GROUP, generation=1, paused_at=now, paused_by="staff:7", reason="inspection")
        wait_until(lambda: is_at_rest(runner), "the runner did not notice the pause")
        publish(*things)
        assert runner.assigned == {(topic, number) for topic in get_group(GROUP).topics for number in range(PARTITIONS)}
        assert versions(things) == [1] * 20

        GroupState.objects.update(paused_at=None, paused_by=None, reason=None)
        wait_until(lambda: versions(things) == [1, 2] * 20, "the group did not go on")


def test_a_group_that_starts_while_it_is_paused_reads_nothing_yet(now):
    things = [uuid4() for _ in range(20)]
    publish(*things)
    GroupState.objects.create(group=GROUP, generation=1, paused_at=now, paused_by="staff:7", reason="inspection")
    with running() as runner:
        wait_until(lambda: len(runner.assigned) == PARTITIONS, "the runner got no partitions")
        assert versions(things) == []

        GroupState.objects.update(paused_at=None, paused_by=None, reason=None)
        wait_until(lambda: versions(things) == [1] * 20, "the group did not go on")


@pytest.mark.parametrize("is_paused", [True, False])
def test_a_group_that_was_moved_back_reads_again_and_repeats_nothing(now, is_paused):
    things = [uuid4() for _ in range(20)]
    with running():
        publish(*things)
        wait_until(lambda: versions(things) == [1] * 20, "the first ones were not applied")
        ends = next_offsets()
        if is_paused:
            GroupState.objects.create(group=GROUP, generation=1, paused_at=now, paused_by="staff:7", reason="replay")
        move_to(0)
        GroupState.objects.update(paused_at=None, paused_by=None, reason=None)
        wait_until(lambda: next_offsets() == ends, "the group did not read again")
        publish(*things)
        wait_until(lambda: versions(things) == [1, 2] * 20, "the group did not go on")


def test_a_group_that_was_moved_on_skips_what_lies_between(now):
    things = [uuid4() for _ in range(20)]
    publish(*things)
    with running() as runner:
        wait_until(lambda: versions(things) == [1] * 20, "the first ones were not applied")
        GroupState.objects.create(group=GROUP, generation=1, paused_at=now, paused_by="staff:7", reason="skip")
        wait_until(lambda: is_at_rest(runner), "the runner did not notice the pause")
        publish(*things)
        for number, count in counts(things).items():
            move_to(next_offsets()[number] + count, number)
        GroupState.objects.update(paused_at=None, paused_by=None, reason=None)
        publish(*things)
        wait_until(lambda: len(versions(things)) == 40, "the group did not go on")

    assert versions(things) == [1, 3] * 20


def test_a_group_that_is_behind_the_retention_stops_and_says_so_until_people_move_it(caplog):
    things = [uuid4() for _ in range(20)]
    publish(*things)
    drain(GROUP)
    publish(*things)
    move_to(1_000_000)
    for _ in range(2):  # it stays so over a restart.
        with running() as runner:
            wait_until(lambda: len(runner.assigned) == PARTITIONS, "the runner got no partitions")
            wait_until(lambda: all(stop_reasons()), "the group did not stop")
    assert all("does not have offset 1000000" in str(reason) for reason in stop_reasons())
    assert "CRITICAL" in caplog.text

    with running():
        move_to(0)
        Offset.objects.update(stopped_at=None, stop_reason=None)
        wait_until(lambda: versions(things) == [1, 2] * 20, "the group did not go on")


def test_a_partition_that_spent_its_budget_stops_alone_and_goes_on_when_it_is_let():
    things = [uuid4() for _ in range(20)]
    with running(PICKY):
        publish(*things)
        wait_until(lambda: versions(things) == [1] * 20, "the first ones were not applied")
        stubborn = uuid4()
        publish(*[stubborn] * (LETTERS + 20), step=DISLIKED_STEP)
        letters = DeadLetter.objects.filter(key=str(stubborn))
        wait_until(lambda: letters.count() == LETTERS + 20, "not all was set aside")
        assert not any(stop_reasons(PICKY))  # what only waits behind a poisoned record costs nothing.

        publish(*[uuid4() for _ in range(PARTITIONS * (LETTERS + 100))], step=DISLIKED_STEP)
        wait_until(lambda: all(stop_reasons(PICKY)), "the partitions did not stop")
        publish(*things)
        stopped_at = next_offsets(PICKY)

        with connection.cursor() as cursor:
            cursor.execute("UPDATE streaming_dead_letter SET created_at = created_at - interval '1 hour'")
        Offset.objects.filter(partition=0).update(stopped_at=None, stop_reason=None)
        wait_until(lambda: next_offsets(PICKY)[0] > stopped_at[0], "the partition did not go on")
        assert next_offsets(PICKY) | {0: 0} == stopped_at | {0: 0}


def publish(*things: UUID, **changes: int) -> None:
    with transaction.atomic():
        outbox.record_many([a_thing_moved(thing, **changes) for thing in things])
    relay_once()


def versions(things: list[UUID]) -> list[int]:
    """Return the versions that were applied of these things, thing by thing, in order of application."""
    applied: dict[UUID, list[int]] = {thing: [] for thing in things}
    for _, thing, version in effects.effects():
        if thing in applied:
            applied[thing].append(version)
    return [version for thing in things for version in applied[thing]]


def next_offsets(group: str = GROUP) -> dict[int, int]:
    return dict(Offset.objects.filter(group=group).order_by("partition").values_list("partition", "next_offset"))


def stop_reasons(group: str = GROUP) -> list[str | None]:
    return list(Offset.objects.filter(group=group).order_by("partition").values_list("stop_reason", flat=True))


def counts(things: list[UUID]) -> Counter[int]:
    """Count in which partitions the things' events are."""
    wanted = set(map(str, things))
    places = {(record.partition, record.key) for record in published("tests.things.v1") if str(record.key) in wanted}
    return Counter(number for number, _ in places)


def move_to(next_offset: int, *numbers: int) -> None:
    """Do what a seek does, in these partitions or in all."""
    for number in numbers or range(PARTITIONS):
        Offset.objects.filter(group=GROUP, partition=number).update(next_offset=next_offset, epoch=F("epoch") + 1)


def is_at_rest(runner: GroupRunner) -> bool:
    return runner.barred == runner.assigned


@contextmanager
def running(group: str = GROUP) -> Iterator[GroupRunner]:
    """Run a member of a group beside the test."""
    stop = threading.Event()
    runner = GroupRunner(get_group(group), stop)
    thread = threading.Thread(target=runner.run, daemon=True)
    thread.start()
    try:
        yield runner
    finally:
        stop.set()
        thread.join(15)
