"""Dead letters end in one of two ways, each with a reason: applied in the order of their key, or given up."""

from collections.abc import Callable
from datetime import datetime
from uuid import UUID, uuid4

import pytest
from django.db import connection

from kernel import context
from streaming import services
from streaming.consuming.records import RawRecord
from streaming.errors import (
    GroupNotFound,
    LetterNotFound,
    LetterSettled,
    LetterStillFails,
    LetterWaits,
    NothingToRedrive,
    ReasonMissing,
)
from streaming.events import LetterDiscarded, LetterRedriven
from streaming.models import DeadLetter, ParkedKey, StoredEvent
from tests.streaming import effects
from tests.streaming.effects import BROKEN_STEP, REJECTED_STEP
from tests.support.builders.streaming import a_thing_moved, a_thing_stopped
from tests.support.race import run_inside
from tests.support.streams import a_raw_record, a_record_of, deliver, recorded_events

pytestmark = pytest.mark.django_db

GROUP = "tests.effects"
EVERY = "tests.every"
THINGS = "tests.things.v1"


@pytest.fixture
def thing() -> UUID:
    """A thing of which the second event is poison; the third and the fourth wait behind it."""
    thing = uuid4()
    deliver(
        [a_thing_moved(thing), a_thing_moved(thing, step=REJECTED_STEP), a_thing_stopped(thing), a_thing_moved(thing)],
        GROUP,
    )
    return thing


@pytest.fixture
def mend(monkeypatch: pytest.MonkeyPatch) -> Callable[[], None]:
    """Let the handlers take what they refused before."""

    def mend() -> None:
        monkeypatch.setattr(effects, "REJECTED_STEP", None)
        monkeypatch.setattr(effects, "BROKEN_STEP", None)

    return mend


def applied(thing: UUID) -> list[int]:
    return [version for _, each, version in effects.effects() if each == thing]


def states() -> list[str]:
    return list(DeadLetter.objects.order_by("id").values_list("state", flat=True))


def redrive(thing: UUID, now: datetime, reason: str = "the handler was mended") -> int:
    return services.redrive_letters(group=GROUP, topic=THINGS, key=str(thing), reason=reason, now=now)


def test_a_letter_keeps_the_time_at_which_its_record_came():
    record = a_record_of(a_thing_moved(step=REJECTED_STEP))

    deliver([record], GROUP)

    assert DeadLetter.objects.get().timestamp == record.timestamp


def test_a_redriven_key_is_applied_in_its_order_and_freed(thing, mend, now):
    mend()

    with context.acting(actor="staff:7"):
        assert redrive(thing, now) == 3
    deliver([a_thing_moved(thing)], GROUP)

    assert applied(thing) == [1, 2, 3, 4, 5]
    assert states() == ["redriven", "redriven", "redriven"]
    assert not ParkedKey.objects.exists()
    assert set(DeadLetter.objects.values_list("resolved_by", "resolved_at", "reason")) == {
        ("staff:7", now, "the handler was mended")
    }


def test_who_redrove_a_letter_and_why_is_an_event(thing, mend, now):
    mend()
    letters = DeadLetter.objects.order_by("id")

    with context.acting(actor="staff:7"):
        redrive(thing, now, " the handler was mended ")

    told = recorded_events(LetterRedriven)
    assert [event.letter for event in told] == [str(letter) for letter in letters]
    assert [event.letter_event_id for event in told] == [letter.event_id for letter in letters]
    assert {event.reason for event in told} == {"the handler was mended"}
    assert set(StoredEvent.objects.values_list("actor", flat=True)) == {"staff:7"}


def test_when_one_letter_still_fails_nothing_happens_and_the_refusal_names_it(thing, now):
    poison = DeadLetter.objects.get(state="poison")

    with pytest.raises(LetterStillFails, match=f"Letter {poison.pk} .*Reject: no such step"):
        redrive(thing, now)

    assert applied(thing) == [1]
    assert states() == ["poison", "waiting", "waiting"]
    assert ParkedKey.objects.count() == 1
    assert recorded_events() == []


def test_the_refusal_never_quotes_what_a_letter_holds(now):
    deliver([a_thing_moved(step=BROKEN_STEP, whose="Ada Norris")], GROUP)

    with pytest.raises(LetterStillFails) as refusal:
        services.redrive_letter(letter_id=DeadLetter.objects.get().pk, reason="try again", now=now)

    assert "ValueError" in refusal.value.message
    assert "Ada" not in refusal.value.message


def test_effects_of_letters_before_the_one_that_fails_are_undone(now, monkeypatch):
    thing = uuid4()
    deliver([a_thing_moved(thing, step=REJECTED_STEP), a_thing_moved(thing, step=BROKEN_STEP)], GROUP)
    monkeypatch.setattr(effects, "REJECTED_STEP", None)

    with pytest.raises(LetterStillFails):
        redrive(thing, now)

    assert effects.effects() == []


def test_one_letter_of_a_parked_key_takes_all_of_its_key_along(thing, mend, now):
    mend()
    last = DeadLetter.objects.latest("id")

    assert services.redrive_letter(letter_id=last.pk, reason="the handler was mended", now=now) == 3
    assert applied(thing) == [1, 2, 3, 4]


def test_a_letter_whose_key_is_not_parked_is_redriven_by_itself(now, monkeypatch):
    deliver([a_raw_record(topic="tests.raw.v1", value=value, key="k") for value in (b"garbage", b"2")], "tests.raw")
    monkeypatch.setattr(effects, "GARBAGE", b"nothing is")

    assert services.redrive_letter(letter_id=DeadLetter.objects.get().pk, reason="it is no garbage", now=now) == 1

    assert effects.raw_effects() == ["k:2", "k:garbage"]
    assert states() == ["redriven"]


def test_a_redriven_letter_of_a_consumer_of_the_newest_changes_nothing_that_is_newer(now, monkeypatch):
    thing = uuid4()
    old, new = (a_record_of(a_thing_moved(thing), version=n) for n in (1, 2))
    deliver([a_record_of(a_thing_moved(thing), version=1, value=b"{"), new], "tests.newest")
    assert states() == ["poison", "waiting"]
    DeadLetter.objects.filter(state="poison").update(raw=old.value)

    services.redrive_letters(group="tests.newest", topic=THINGS, key=str(thing), reason="it was mended", now=now)

    assert applied(thing) == [1, 2]


def test_a_discarded_poison_lets_the_letters_behind_it_be_applied(thing, now):
    poison = DeadLetter.objects.get(state="poison")

    with context.acting(actor="staff:7"):
        assert services.discard_letter(letter_id=poison.pk, reason="sent in error", now=now) == 2

    assert applied(thing) == [1, 3, 4]
    assert states() == ["discarded", "redriven", "redriven"]
    assert not ParkedKey.objects.exists()
    (discarded,) = recorded_events(LetterDiscarded)
    assert (discarded.letter, discarded.group, discarded.reason) == (str(poison), GROUP, "sent in error")


def test_a_letter_behind_a_discarded_one_that_fails_as_well_is_waited_for_from_then_on(now):
    thing = uuid4()
    steps = (REJECTED_STEP, 2, BROKEN_STEP, 4)
    deliver([a_thing_moved(thing, step=step) for step in steps], GROUP)
    first, second, third, _ = DeadLetter.objects.order_by("id")

    with pytest.raises(LetterWaits):
        services.discard_letter(letter_id=second.pk, reason="sent in error", now=now)
    assert services.discard_letter(letter_id=first.pk, reason="sent in error", now=now) == 1

    assert states() == ["discarded", "redriven", "poison", "waiting"]
    assert ParkedKey.objects.count() == 1
    third.refresh_from_db()
    assert (third.error, third.attempts) == ("ValueError", 1)
    assert services.discard_letter(letter_id=third.pk, reason="sent in error", now=now) == 1
    assert (states()[2:], ParkedKey.objects.count()) == (["discarded", "redriven"], 0)
    assert applied(thing) == [2, 4]


def test_for_a_consumer_of_every_version_a_discarded_one_leaves_no_gap(now):
    thing = uuid4()
    deliver([a_record_of(a_thing_moved(thing), version=1), unreadable(thing, 2), unreadable(thing, 3)], EVERY)
    deliver([a_record_of(a_thing_moved(thing), version=4)], EVERY)
    first, second, _ = DeadLetter.objects.order_by("id")

    assert services.discard_letter(letter_id=first.pk, reason="sent in error", now=now) == 0
    assert services.discard_letter(letter_id=second.pk, reason="sent in error", now=now) == 1
    deliver([a_record_of(a_thing_moved(thing), version=5)], EVERY)

    assert applied(thing) == [1, 4, 5]


def test_letters_behind_a_gap_are_not_redriven_before_what_is_missing_is_given_up(now):
    thing = uuid4()
    deliver([a_record_of(a_thing_moved(thing), version=n) for n in (1, 4, 3)], EVERY)
    later, earlier = DeadLetter.objects.order_by("id")

    with pytest.raises(LetterStillFails, match="version 2 has not come"):
        services.redrive_letters(group=EVERY, topic=THINGS, key=str(thing), reason="it may have come", now=now)
    with pytest.raises(LetterWaits):
        services.discard_letter(letter_id=later.pk, reason="it is lost", now=now)
    assert services.discard_letter(letter_id=earlier.pk, reason="it is lost", now=now) == 1

    assert applied(thing) == [1, 4]
    assert not ParkedKey.objects.exists()


def unreadable(thing: UUID, version: int) -> RawRecord:
    return a_record_of(a_thing_moved(thing), version=version, value=b"{")


def test_all_letters_of_a_key_are_given_up_together(thing, now):
    assert (
        services.discard_letters(group=GROUP, topic=THINGS, key=str(thing), reason="the account is closed", now=now)
        == 3
    )
    deliver([a_thing_moved(thing)], GROUP)

    assert applied(thing) == [1, 5]
    assert states() == ["discarded"] * 3
    assert len(recorded_events(LetterDiscarded)) == 3


def test_letters_of_a_group_that_is_no_more_can_still_be_given_up(thing, now):
    for table in (DeadLetter, ParkedKey):
        table.objects.update(group="tests.gone")
    poison = DeadLetter.objects.get(state="poison")

    with pytest.raises(GroupNotFound):
        services.redrive_letter(letter_id=poison.pk, reason="the handler was mended", now=now)
    services.discard_letters(group="tests.gone", topic=THINGS, key=str(thing), reason="its group is gone", now=now)

    assert states() == ["discarded"] * 3


def test_a_settled_letter_stays_as_it_is(thing, now):
    poison = DeadLetter.objects.get(state="poison")
    services.discard_letter(letter_id=poison.pk, reason="sent in error", now=now)

    for deed in (services.discard_letter, services.redrive_letter):
        with pytest.raises(LetterSettled):
            deed(letter_id=poison.pk, reason="once more", now=now)
    with pytest.raises(NothingToRedrive):
        redrive(thing, now)
    with pytest.raises(NothingToRedrive):
        services.discard_letters(group=GROUP, topic=THINGS, key=str(thing), reason="once more", now=now)


@pytest.mark.parametrize("deed", [services.discard_letter, services.redrive_letter, services.reveal_letter])
def test_nothing_is_done_to_a_letter_without_a_reason_or_without_a_letter(deed, thing, now):
    with pytest.raises(ReasonMissing):
        deed(letter_id=DeadLetter.objects.latest("id").pk, reason=" ", now=now)
    with pytest.raises(LetterNotFound):
        deed(letter_id=0, reason="try again", now=now)


def test_a_record_that_fails_again_after_its_letter_was_settled_is_a_letter_again(now):
    record = a_raw_record(topic="tests.raw.v1", value=b"garbage", key="k")
    deliver([record], "tests.raw")
    services.discard_letter(letter_id=DeadLetter.objects.get().pk, reason="not to be understood", now=now)

    with connection.cursor() as cursor:
        cursor.execute("UPDATE streaming_offset SET next_offset = 0")
    deliver([record], "tests.raw")

    letter = DeadLetter.objects.get()
    assert (letter.state, letter.resolved_by, letter.reason) == ("poison", None, None)


@pytest.mark.django_db(transaction=True)
def test_a_record_that_comes_while_its_key_is_freed_is_applied_after_the_letters(mend, now, monkeypatch):
    thing = uuid4()
    deliver([a_thing_moved(thing, step=REJECTED_STEP), a_thing_moved(thing)], GROUP)
    mend()

    redriven, arrived = run_inside(
        lambda: redrive(thing, now),
        lambda: deliver([a_record_of(a_thing_moved(thing), version=3)], GROUP),
        at="streaming.outbox.record_many",
        monkeypatch=monkeypatch,
    )

    assert (redriven, arrived) == (2, None)
    assert applied(thing) == [1, 2, 3]
    assert states() == ["redriven", "redriven"]


@pytest.mark.django_db(transaction=True)
def test_a_record_that_was_set_aside_in_the_meantime_is_redriven_too(mend, now, monkeypatch):
    thing = uuid4()
    deliver([a_thing_moved(thing, step=REJECTED_STEP)], GROUP)

    arrived, redriven = run_inside(
        lambda: deliver([a_record_of(a_thing_moved(thing), version=2)], GROUP),
        lambda: (mend(), redrive(thing, now))[1],
        at="streaming.consuming.letters.write",
        monkeypatch=monkeypatch,
    )

    assert (arrived, redriven) == (None, 2)
    assert applied(thing) == [1, 2]
    assert not ParkedKey.objects.exists()


@pytest.mark.django_db(transaction=True)
def test_two_who_redrive_one_key_apply_it_once(mend, now, monkeypatch):
    thing = uuid4()
    deliver([a_thing_moved(thing, step=REJECTED_STEP)], GROUP)
    mend()

    first, second = run_inside(
        lambda: redrive(thing, now),
        lambda: redrive(thing, now),
        at="streaming.outbox.record_many",
        monkeypatch=monkeypatch,
    )

    assert first == 1
    assert isinstance(second, NothingToRedrive)
    assert applied(thing) == [1]
