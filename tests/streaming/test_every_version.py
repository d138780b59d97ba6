"""Handlers that want every version: none is skipped, none comes twice, and a gap keeps only its key waiting."""

from uuid import UUID, uuid4

import pytest
from django.db import connection, transaction
from msgspec.structs import replace

from kernel.identifiers import new_id
from streaming import outbox
from streaming.consuming.applying import apply_record, in_turn, skip_record
from streaming.consuming.records import RawRecord, Reject, VersionMissing
from streaming.consuming.registry import Group, get_group, handles
from streaming.models import DeadLetter, InboxEntry, ParkedKey
from tests.streaming import effects
from tests.streaming.effects import REJECTED_STEP
from tests.support.builders.streaming import ThingStopped, a_thing_moved, a_thing_stopped
from tests.support.streams import a_record_of, deliver, deliver_log

pytestmark = pytest.mark.django_db

GROUP = "tests.every"


def move(thing: UUID, version: int, **changes: int) -> RawRecord:
    """Return a move that the log does not hold."""
    return a_record_of(a_thing_moved(thing, **changes), version=version)


def stop(thing: UUID, version: int) -> RawRecord:
    return a_record_of(a_thing_stopped(thing), version=version)


def applied(thing: UUID) -> list[int]:
    return [version for _, each, version in effects.effects("every") if each == thing]


def parked() -> list[tuple[str | None, str]]:
    return list(ParkedKey.objects.order_by("key").values_list("key", "cause"))


def letters() -> list[str]:
    return list(DeadLetter.objects.order_by("id").values_list("state", flat=True))


def test_a_gap_parks_its_key_until_the_missing_version_comes():
    thing, other = uuid4(), uuid4()

    deliver([move(thing, 1), move(thing, 3), move(other, 1), move(thing, 4)], GROUP)
    assert (applied(thing), applied(other)) == ([1], [1])
    assert parked() == [(str(thing), "gap")]
    assert DeadLetter.objects.earliest("id").error == "version 2 has not come"

    deliver([move(thing, 5), move(thing, 2), move(thing, 6)], GROUP)
    assert applied(thing) == [1, 2, 3, 4, 5, 6]
    assert parked() == []
    assert letters() == ["redriven"] * 3
    assert DeadLetter.objects.earliest("id").resolved_by == f"system:{GROUP}"


def test_versions_that_come_in_any_order_are_applied_in_theirs():
    thing = uuid4()

    for version in (6, 2, 5, 3, 1, 4):
        deliver([move(thing, version)], GROUP)

    assert applied(thing) == [1, 2, 3, 4, 5, 6]
    assert parked() == []


def test_a_second_gap_behind_the_first_keeps_its_key_parked():
    thing = uuid4()
    deliver([move(thing, 1), move(thing, 3), move(thing, 5)], GROUP)

    deliver([move(thing, 2)], GROUP)
    assert applied(thing) == [1, 2, 3]
    assert parked() == [(str(thing), "gap")]

    deliver([move(thing, 4)], GROUP)
    assert applied(thing) == [1, 2, 3, 4, 5]
    assert parked() == []


def test_a_version_that_was_applied_is_dropped_whatever_its_id():
    thing = uuid4()
    deliver([move(thing, 1), move(thing, 2)], GROUP)

    deliver([move(thing, 1), move(thing, 2), move(thing, 3), move(thing, 3)], GROUP)

    assert applied(thing) == [1, 2, 3]


def test_events_that_the_group_does_not_handle_count_as_versions_too():
    thing = uuid4()

    deliver([move(thing, 1), stop(thing, 2), move(thing, 3)], GROUP)
    assert applied(thing) == [1, 3]

    deliver([move(thing, 5)], GROUP)
    assert parked() == [(str(thing), "gap")]
    deliver([stop(thing, 4)], GROUP)
    assert applied(thing) == [1, 3, 5]


def test_what_the_topic_no_longer_holds_is_read_from_the_log():
    thing = uuid4()
    with transaction.atomic():
        outbox.record_many([a_thing_moved(thing), a_thing_moved(thing), a_thing_stopped(thing)])

    deliver([move(thing, 4)], GROUP)

    assert applied(thing) == [1, 2, 4]
    assert parked() == []
    deliver_log(GROUP)
    assert applied(thing) == [1, 2, 4]


def test_a_gap_is_not_filled_from_the_log_with_what_the_consumer_has_had():
    thing = uuid4()
    with transaction.atomic():
        event_id = new_id()
        outbox.record(a_thing_moved(thing), event_id=event_id)
        InboxEntry.objects.create(event_id=event_id, consumer=f"{GROUP}#1")

    deliver([move(thing, 2)], GROUP)

    assert applied(thing) == []
    assert parked() == [(str(thing), "gap")]


def test_what_cannot_be_applied_keeps_later_versions_waiting_for_people():
    thing = uuid4()

    deliver([move(thing, 1), move(thing, 2, step=REJECTED_STEP), move(thing, 3)], GROUP)

    assert applied(thing) == [1]
    assert parked() == [(str(thing), "poison")]
    assert letters() == ["poison", "waiting"]


def test_a_waiting_version_that_cannot_be_applied_becomes_poison_itself():
    thing = uuid4()
    deliver([move(thing, 2, step=REJECTED_STEP), move(thing, 3)], GROUP)

    deliver([move(thing, 1)], GROUP)

    assert applied(thing) == [1]
    assert parked() == [(str(thing), "poison")]
    assert letters() == ["poison", "waiting"]
    assert DeadLetter.objects.earliest("id").error == "Reject: no such step"


def test_a_missing_version_that_cannot_be_applied_leaves_its_key_to_people():
    thing = uuid4()
    deliver([move(thing, 2)], GROUP)

    deliver([move(thing, 1, step=REJECTED_STEP)], GROUP)

    assert applied(thing) == []
    assert parked() == [(str(thing), "poison")]
    assert letters() == ["waiting", "poison"]


def test_a_gap_without_a_key_is_a_dead_letter_that_nothing_waits_behind():
    thing = uuid4()

    deliver([a_record_of(a_thing_moved(thing), version=2, key=None)], GROUP)

    assert letters() == ["poison"]
    assert parked() == []


def test_a_record_that_was_set_aside_is_applied_only_when_its_version_is_due():
    thing = uuid4()
    group = get_group(GROUP)
    deliver([move(thing, 1)], GROUP)

    with pytest.raises(VersionMissing, match="version 2 has not come"):
        apply_record(group, move(thing, 3))
    apply_record(group, move(thing, 2))
    apply_record(group, move(thing, 2))
    apply_record(group, stop(thing, 3))
    with pytest.raises(Reject):
        apply_record(group, move(thing, 4, step=REJECTED_STEP))

    assert applied(thing) == [1, 2]


def test_what_comes_behind_a_record_that_was_given_up_is_due():
    thing = uuid4()
    skip_record(get_group(GROUP), move(thing, 1))

    deliver([move(thing, 2)], GROUP)

    assert applied(thing) == [2]


def test_records_that_came_before_an_earlier_version_are_put_in_their_turn():
    thing, other = uuid4(), uuid4()
    records = [move(thing, 4), move(other, 1), move(thing, 2), move(thing, 3)]

    assert in_turn(get_group(GROUP), records) == [2, 1, 3, 0]
    assert in_turn(get_group("tests.effects"), records) == [0, 1, 2, 3]


def test_one_group_does_not_want_both_the_newest_and_every_version_of_a_thing():
    with pytest.raises(ValueError, match="newest and every"):
        handles(ThingStopped, group="tests.newest", order="every")(lambda _batch: None)


def test_a_view_that_was_built_anew_has_an_inbox_of_its_own():
    record = a_record_of(a_thing_moved())
    deliver([record], "tests.effects")
    with connection.cursor() as cursor:
        cursor.execute("""INSERT INTO streaming_group ("group", generation) VALUES ('tests.effects', 2)""")

    assert get_group("tests.effects").consumer == "tests.effects#2"
    deliver([record], "tests.effects")
    assert len(effects.effects("moves")) == 2
    assert Group(name="never.seen").consumer == "never.seen#1"


@pytest.mark.parametrize("headers", [{"ce_subject": "a\x00b"}, {"aggregate-version": "0"}, {"aggregate-version": "-1"}])
def test_a_record_whose_headers_cannot_be_true_is_set_aside_and_stops_nobody(headers):
    wrong, other = move(uuid4(), 1), uuid4()
    wrong = replace(wrong, headers={**wrong.headers, **headers})

    deliver([wrong, move(other, 1)], GROUP)

    assert applied(other) == [1]
    assert letters() == ["poison"]
    assert parked() == [(wrong.key, "poison")]
