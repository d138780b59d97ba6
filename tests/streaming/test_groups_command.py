"""``manage.py groups``: the same deeds from a shell, under the name of whoever is there."""

from io import StringIO
from typing import Any
from uuid import UUID, uuid4

import pytest
from django.core.management import CommandError, call_command

from streaming.events import GroupMoved
from streaming.models import DeadLetter, GroupState, Offset, ParkedKey, StoredEvent
from tests.streaming import effects
from tests.streaming.effects import BROKEN_STEP, REJECTED_STEP
from tests.support.builders.streaming import a_thing_moved
from tests.support.streams import a_raw_record, deliver, recorded_events

pytestmark = pytest.mark.django_db

GROUP = "tests.effects"
THINGS = "tests.things.v1"
REASON = "--reason=the handler was mended"


@pytest.fixture(autouse=True)
def _no_broker(settings) -> None:
    """Nothing here needs the broker."""
    settings.KAFKA_BOOTSTRAP_SERVERS = "127.0.0.1:1"


@pytest.fixture
def thing() -> UUID:
    """A thing whose first event is poison, with a second one waiting."""
    thing = uuid4()
    deliver([a_thing_moved(thing, step=REJECTED_STEP), a_thing_moved(thing)], GROUP)
    return thing


def groups(*arguments: Any) -> str:
    out = StringIO()
    call_command("groups", *map(str, arguments), stdout=out)
    return out.getvalue()


def line_of(group: str, text: str) -> list[str]:
    (line,) = [line for line in text.splitlines() if line.startswith(f"{group} ")]
    return line.split()


def test_the_list_tells_how_each_group_stands(thing):
    groups("pause", GROUP, "--reason=a look at it")

    told = groups()

    assert line_of(GROUP, told)[1] == "paused"
    assert f"{GROUP}: paused by shell:" in told
    assert told.count(": a look at it") == 1
    assert line_of(GROUP, told)[-4:] == ["–", "–", "1", "2"]
    assert "The broker does not answer" in told
    assert f"{THINGS}/2" in groups("list", "--partitions")


def test_a_group_is_paused_moved_and_resumed(thing):
    groups("pause", GROUP, "--reason=a look at it")
    paused_by = GroupState.objects.get().paused_by
    assert paused_by is not None
    assert paused_by.startswith("shell:")

    assert f"{THINGS}/0: 2 → earliest" in groups("seek", GROUP, "--to=earliest", REASON)
    assert Offset.objects.get(partition=0).next_offset == 0
    assert recorded_events(GroupMoved)[0].destination == "earliest"

    groups("resume", GROUP, REASON)
    assert GroupState.objects.get().paused_at is None
    assert set(StoredEvent.objects.values_list("actor", flat=True)) == {paused_by}


def test_the_list_tells_which_partitions_were_stopped_and_why(thing, now):
    Offset.objects.update(stopped_at=now, stop_reason="too many dead letters")

    told = groups("list", "--partitions")

    assert f"{GROUP}: stopped at {THINGS}/0 since 2026-11-23 14:05:00 UTC: too many dead letters" in told
    assert "stopped partitions: 1" in groups()


def test_open_letters_are_told_with_their_numbers(thing):
    first, second = DeadLetter.objects.order_by("id")

    told = groups("letters", GROUP).splitlines()

    assert told == [
        f"{first.pk}  {THINGS}/0@0  {thing}  poison  Reject: no such step",
        f"{second.pk}  {THINGS}/0@1  {thing}  waiting  its key is parked",
    ]


def test_a_single_partition_is_let_go_on(thing, now):
    Offset.objects.update(stopped_at=now, stop_reason="too many dead letters")

    groups("resume", GROUP, f"--partition={THINGS}/0", REASON)

    assert Offset.objects.get().stopped_at is None


@pytest.mark.parametrize("which", [["--topic", THINGS, "--key", "{key}"], ["--letter", "{letter}"], ["--all"]])
def test_letters_are_redriven_by_key_by_number_or_all(thing, which, monkeypatch):
    monkeypatch.setattr(effects, "REJECTED_STEP", None)
    letter = DeadLetter.objects.latest("id")

    groups("redrive", GROUP, *(each.format(key=thing, letter=letter.pk) for each in which), REASON)

    assert [version for _, each, version in effects.effects() if each == thing] == [1, 2]
    assert not ParkedKey.objects.exists()


def test_one_key_that_still_fails_keeps_no_other_one_waiting(thing, monkeypatch):
    other = uuid4()
    deliver([a_thing_moved(other, step=BROKEN_STEP)], GROUP)
    monkeypatch.setattr(effects, "REJECTED_STEP", None)

    with pytest.raises(CommandError, match="Still to be dealt with: 1"):
        groups("redrive", GROUP, "--all", REASON)

    assert [parked.key for parked in ParkedKey.objects.all()] == [str(other)]


def test_letters_that_park_no_key_are_redriven_with_all_others(monkeypatch):
    values = (b"garbage", b"2", b"garbage")
    deliver([a_raw_record(topic="tests.raw.v1", value=value, key="k") for value in values], "tests.raw")
    monkeypatch.setattr(effects, "GARBAGE", b"nothing is")

    groups("redrive", "tests.raw", "--all", REASON)

    assert effects.raw_effects() == ["k:2", "k:garbage", "k:garbage"]


@pytest.mark.parametrize("which", [["--topic", THINGS, "--key", "{key}"], ["--letter", "{letter}"]])
def test_letters_are_given_up_by_key_or_by_number(thing, which):
    letter = DeadLetter.objects.earliest("id")

    groups("discard", GROUP, *(each.format(key=thing, letter=letter.pk) for each in which), REASON)

    assert DeadLetter.objects.get(pk=letter.pk).state == "discarded"
    assert not ParkedKey.objects.exists()


@pytest.mark.parametrize(
    "arguments",
    [
        ["pause", GROUP],
        ["pause", "tests.unheard_of", REASON],
        ["letters", "tests.unheard_of"],
        ["resume", GROUP, REASON],
        ["resume", GROUP, REASON, "--partition=0"],
        ["seek", GROUP, "--to=earliest", REASON],
        ["seek", GROUP, "--to=tomorrow", REASON],
        ["seek", GROUP, "--to=7", REASON],
        ["redrive", GROUP, REASON],
        ["redrive", GROUP, "--key=k", REASON],
        ["redrive", GROUP, "--key=k", f"--topic={THINGS}", REASON],
        ["discard", GROUP, "--letter=0", REASON],
        ["discard", GROUP, "--letter=1", "--key=k", REASON],
    ],
)
def test_what_cannot_be_done_is_said_in_a_sentence(arguments):
    with pytest.raises(CommandError):
        groups(*arguments)
    assert recorded_events() == []
