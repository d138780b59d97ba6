"""Groups are paused, resumed and moved by people, each time with a reason that is an event."""

import threading
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, datetime, timedelta
from operator import itemgetter
from typing import Any
from uuid import UUID, uuid4

import pytest
from django.db import transaction

from kernel import context
from streaming import outbox, services
from streaming.consuming import offsets
from streaming.consuming.applying import apply_batch
from streaming.consuming.registry import get_group
from streaming.consuming.runner import GroupRunner
from streaming.errors import (
    BrokerSilent,
    GroupIsPaused,
    GroupMustBePaused,
    GroupNotFound,
    NothingToResume,
    PartitionNotStopped,
    PlaceNotFound,
    ReasonMissing,
)
from streaming.events import GroupMoved, GroupPaused, GroupResumed, PartitionReleased
from streaming.models import GroupState, Offset, StoredEvent
from streaming.selectors import get_group_standing, list_group_standings
from tests.streaming import effects
from tests.support.builders.streaming import a_thing_moved
from tests.support.race import run_inside
from tests.support.streams import a_record_of, deliver, drain, recorded_events, relay_once
from tests.support.waiting import WITHIN_S, wait_until

pytestmark = pytest.mark.django_db

GROUP = "tests.effects"
THINGS = "tests.things.v1"


def stop(partition: int, reason: str = "too many dead letters") -> None:
    offsets.claim(GROUP, [(THINGS, partition)])
    Offset.objects.filter(group=GROUP, partition=partition).update(stopped_at=datetime.now(UTC), stop_reason=reason)


def stands(partition: int = 0) -> Offset:
    return Offset.objects.get(group=GROUP, partition=partition)


def test_a_paused_group_says_who_paused_it_and_why(now):
    with context.acting(actor="staff:7"):
        services.pause_group(group=GROUP, reason=" the core sends nonsense ", now=now)

    state = GroupState.objects.get()
    assert (state.paused_at, state.paused_by, state.reason) == (now, "staff:7", "the core sends nonsense")
    assert recorded_events(GroupPaused) == [GroupPaused(occurred_at=now, group=GROUP, reason="the core sends nonsense")]
    assert StoredEvent.objects.get().actor == "staff:7"


def test_a_group_is_paused_once_and_resumed_once(now):
    services.pause_group(group=GROUP, reason="a first reason", now=now)
    with pytest.raises(GroupIsPaused):
        services.pause_group(group=GROUP, reason="a second reason", now=now)

    services.resume_group(group=GROUP, reason="the core is mended", now=now)
    with pytest.raises(NothingToResume):
        services.resume_group(group=GROUP, reason="the core is mended", now=now)

    state = GroupState.objects.get()
    assert (state.paused_at, state.paused_by, state.reason) == (None, None, None)
    assert len(recorded_events(GroupResumed)) == 1


def test_to_resume_a_group_lets_its_stopped_partitions_go_on_too(now):
    stop(0)
    stop(2, "what is to be read next is gone")

    services.resume_group(group=GROUP, reason="the handler was mended", now=now)

    assert not Offset.objects.filter(stopped_at__isnull=False).exists()
    released = recorded_events(PartitionReleased)
    assert [(event.partition, event.stop_reason) for event in released] == [
        (f"{THINGS}/0", "too many dead letters"),
        (f"{THINGS}/2", "what is to be read next is gone"),
    ]
    assert recorded_events(GroupResumed) == [], "it was not paused"


def test_a_single_stopped_partition_is_let_go_on_by_itself(now):
    stop(0)
    stop(2)

    services.let_partition_go_on(group=GROUP, topic=THINGS, partition=2, reason="it was mended", now=now)

    assert (stands(0).stopped_at is None, stands(2).stopped_at is None) == (False, True)
    with pytest.raises(PartitionNotStopped):
        services.let_partition_go_on(group=GROUP, topic=THINGS, partition=2, reason="it was mended", now=now)


@pytest.mark.parametrize(
    "deed",
    [services.pause_group, services.resume_group, lambda **given: services.seek_group(to="earliest", **given)],
)
def test_nothing_is_done_to_a_group_without_a_reason_or_without_a_group(deed, now):
    with pytest.raises(ReasonMissing):
        deed(group=GROUP, reason=" ", now=now)
    with pytest.raises(GroupNotFound):
        deed(group="tests.unheard_of", reason="try it", now=now)


def test_only_a_group_that_stands_still_can_be_moved(now):
    deliver([a_thing_moved()], GROUP)

    with pytest.raises(GroupMustBePaused):
        services.seek_group(group=GROUP, to="earliest", reason="once more", now=now)

    assert stands().next_offset == 1


def test_a_stopped_partition_can_be_moved_though_its_group_is_not_paused(now):
    stop(1)

    with pytest.raises(GroupMustBePaused):
        services.seek_group(group=GROUP, to="earliest", reason="once more", now=now)
    services.seek_group(group=GROUP, to="earliest", partition=(THINGS, 1), reason="once more", now=now)

    assert stands(1).stopped_at is not None, "it goes on only when it is told to"


def test_a_group_that_was_moved_to_the_start_repeats_nothing(now):
    records = [a_record_of(a_thing_moved()) for _ in range(3)]
    deliver(records, GROUP)
    services.pause_group(group=GROUP, reason="a look at it", now=now)

    moves = services.seek_group(group=GROUP, to="earliest", reason="once more", now=now)
    services.resume_group(group=GROUP, reason="go on", now=now)

    assert str(moves[0]) == f"{THINGS}/0: 3 → earliest"
    assert stands().next_offset == 0
    deliver([*records, a_record_of(a_thing_moved())], GROUP)
    assert len(effects.effects()) == 4
    (moved,) = recorded_events(GroupMoved)
    assert (moved.destination, moved.reason) == ("earliest", "once more")
    assert moved.places == tuple(map(str, moves))


def test_whoever_reads_for_a_group_that_is_moved_is_fenced_off(now):
    place = (THINGS, 0)
    _, epoch = offsets.claim(GROUP, [place])[place]
    services.pause_group(group=GROUP, reason="a look at it", now=now)
    services.seek_group(group=GROUP, to="earliest", reason="once more", now=now)

    assert apply_batch(get_group(GROUP), [a_record_of(a_thing_moved())], {place: epoch}) == {}


@pytest.mark.parametrize(("to", "partition"), [(7, None), ("earliest", (THINGS, 3)), ("earliest", ("tests.raw.v1", 0))])
def test_a_group_is_not_moved_to_where_there_is_nothing(to, partition, now):
    services.pause_group(group=GROUP, reason="a look at it", now=now)
    with pytest.raises(PlaceNotFound):
        services.seek_group(group=GROUP, to=to, partition=partition, reason="once more", now=now)


def test_a_group_is_not_moved_while_the_broker_that_knows_the_place_is_silent(now, settings):
    settings.KAFKA_BOOTSTRAP_SERVERS = "127.0.0.1:1"
    services.pause_group(group=GROUP, reason="a look at it", now=now)

    with pytest.raises(BrokerSilent):
        services.seek_group(group=GROUP, to="latest", reason="once more", now=now)
    services.seek_group(group=GROUP, to="earliest", reason="this needs no broker", now=now)


def test_without_a_broker_the_groups_still_tell_what_the_database_knows(now, settings):
    settings.KAFKA_BOOTSTRAP_SERVERS = "127.0.0.1:1"
    deliver([a_thing_moved(step=effects.REJECTED_STEP)], GROUP)
    services.pause_group(group=GROUP, reason="a look at it", now=now)

    standing = get_group_standing(GROUP)

    assert (standing.records, standing.oldest_at) == (None, None)
    assert (standing.paused_at, standing.pause_reason) == (now, "a look at it")
    assert (standing.parked_keys, standing.open_letters) == (1, 1)
    assert standing.partitions[0].next_offset == 1


@pytest.mark.django_db(transaction=True)
def test_a_move_waits_for_the_batch_that_is_being_applied(now, monkeypatch):
    place = (THINGS, 0)
    _, epoch = offsets.claim(GROUP, [place])[place]
    services.pause_group(group=GROUP, reason="a look at it", now=now)

    applied, moves = run_inside(
        lambda: apply_batch(get_group(GROUP), [a_record_of(a_thing_moved())], {place: epoch}),
        lambda: services.seek_group(group=GROUP, to="earliest", reason="once more", now=now),
        at="streaming.consuming.offsets.store",
        monkeypatch=monkeypatch,
    )

    assert applied == {place: 1}
    assert not isinstance(moves, Exception)
    assert str(moves[0]) == f"{THINGS}/0: 1 → earliest"
    assert stands().next_offset == 0


@contextmanager
def running() -> Iterator[None]:
    stop = threading.Event()
    runner = threading.Thread(target=GroupRunner(get_group(GROUP), stop).run, daemon=True)
    runner.start()
    try:
        yield
    finally:
        stop.set()
        runner.join(WITHIN_S)


def publish(*things: UUID) -> None:
    with transaction.atomic():
        outbox.record_many([a_thing_moved(thing) for thing in things])
    relay_once()


def versions_of(thing: UUID) -> list[int]:
    return [version for _, each, version in effects.effects() if each == thing]


def seek(to: services.Destination, now: datetime, **partition: Any) -> None:
    services.seek_group(group=GROUP, to=to, reason="once more", now=now, **partition)


@pytest.mark.django_db(transaction=True)
def test_lag_is_told_by_partition_in_records_and_in_time():
    publish(uuid4())
    drain(GROUP)
    began = datetime.now(UTC)
    publish(uuid4())

    standing = next(each for each in list_group_standings() if each.group == GROUP)

    assert standing.records == 1
    (behind,) = [each for each in standing.partitions if each.records]
    assert behind.records == 1
    assert behind.oldest_at == standing.oldest_at
    assert behind.oldest_at is not None
    assert behind.oldest_at >= began - timedelta(seconds=1)


@pytest.mark.django_db(transaction=True)
def test_a_group_moves_to_the_end_to_an_offset_and_to_a_moment(now):
    publish(*(uuid4() for _ in range(3)))
    drain(GROUP)
    services.pause_group(group=GROUP, reason="a look at it", now=now)
    ends = {each.partition: each.next_offset or 0 for each in get_group_standing(GROUP).partitions}
    number, end = max(ends.items(), key=itemgetter(1))

    seek(end - 1, now, partition=(THINGS, number))
    assert stands(number).next_offset == end - 1
    seek("latest", now)
    assert get_group_standing(GROUP).records == 0
    seek(datetime.now(UTC) - timedelta(days=3650), now)
    assert get_group_standing(GROUP).records == sum(ends.values())
    seek(datetime.now(UTC) + timedelta(days=1), now)
    assert get_group_standing(GROUP).records == 0
    with pytest.raises(PlaceNotFound, match=f"the next one is {end}"):
        seek(end + 1, now, partition=(THINGS, number))


@pytest.mark.django_db(transaction=True)
def test_a_group_that_is_paused_while_it_runs_reads_on_when_it_is_resumed(now):
    thing = uuid4()
    with running():
        publish(thing)
        wait_until(lambda: versions_of(thing) == [1], "the first event was not applied")
        services.pause_group(group=GROUP, reason="a look at it", now=now)
        publish(thing)
        services.resume_group(group=GROUP, reason="go on", now=now)
        publish(thing)
        wait_until(lambda: len(versions_of(thing)) >= 3, "the group did not go on")

    assert versions_of(thing) == [1, 2, 3]


@pytest.mark.django_db(transaction=True)
def test_a_group_that_is_moved_back_while_it_runs_repeats_nothing_and_goes_on(now):
    things = [uuid4() for _ in range(6)]  # on all partitions.
    with running():
        publish(*things)
        wait_until(lambda: all(versions_of(thing) == [1] for thing in things), "the first ones were not applied")
        services.pause_group(group=GROUP, reason="a look at it", now=now)
        seek("earliest", now)
        services.resume_group(group=GROUP, reason="go on", now=now)
        publish(*things)
        wait_until(lambda: all(len(versions_of(thing)) >= 2 for thing in things), "the group did not go on")

    assert all(versions_of(thing) == [1, 2] for thing in things)
