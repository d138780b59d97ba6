"""A batch in one transaction: applied once, in order per key, poison aside, nothing half."""

from random import Random
from uuid import UUID, uuid4

import pytest
from django.db import OperationalError, connection

from kernel.identifiers import new_id
from streaming.consuming import offsets
from streaming.consuming.applying import apply_batch
from streaming.consuming.registry import get_group
from streaming.envelope import decode_headers, record_time, to_key, to_text
from streaming.models import DeadLetter, Offset, ParkedKey, StoredEvent
from tests.streaming import effects
from tests.streaming.effects import BROKEN_STEP, REJECTED_STEP
from tests.support.builders.streaming import a_thing_moved, a_thing_stopped
from tests.support.streams import a_raw_record, a_record_of, deliver, deliver_log

pytestmark = pytest.mark.django_db

THINGS = "tests.things.v1"


def applied(thing: UUID) -> list[int]:
    return [version for _, each, version in effects.effects() if each == thing]


def letters() -> list[tuple[str, str]]:
    return list(DeadLetter.objects.order_by("id").values_list("state", "error"))


def test_the_same_event_again_changes_nothing_wherever_it_comes_from():
    record = a_record_of(a_thing_moved())

    deliver([record, record], "tests.effects")
    deliver([record], "tests.effects")

    assert len(effects.effects()) == 1


def test_a_handler_finds_what_it_had_prepared_of_each_event():
    deliver([a_thing_moved(step=4), a_thing_moved(step=10)], "tests.prepared")

    assert effects.prepared_effects() == ["2", "5"]


def test_an_event_of_which_nothing_can_be_prepared_is_set_aside_alone():
    thing = uuid4()

    deliver(
        [a_thing_moved(thing, step=REJECTED_STEP), a_thing_moved(thing, step=6), a_thing_moved(step=8)],
        "tests.prepared",
    )

    assert effects.prepared_effects() == ["4"]
    assert letters() == [("poison", "Reject: no half of such a step"), ("waiting", "its key is parked")]


def test_each_group_has_an_inbox_of_its_own():
    record = a_record_of(a_thing_moved())

    deliver([record], "tests.effects")
    deliver([record], "tests.newest")

    assert [consumer for consumer, _, _ in effects.effects()] == ["moves", "newest"]


def test_records_below_the_stored_offset_are_dropped_and_holes_are_fine():
    group = get_group("tests.raw")
    epochs = {("tests.raw.v1", 0): offsets.claim("tests.raw", [("tests.raw.v1", 0)])["tests.raw.v1", 0][1]}
    records = [a_raw_record(topic="tests.raw.v1", value=b"%d" % n, offset=n) for n in (3, 4, 9, 4, 12)]

    apply_batch(group, records[:3], epochs)
    apply_batch(group, records, epochs)

    assert effects.raw_effects() == ["None:3", "None:4", "None:9", "None:12"]
    assert Offset.objects.get(group="tests.raw").next_offset == 13


def test_a_former_owner_of_a_partition_applies_nothing():
    place = (THINGS, 0)
    _, stale = offsets.claim("tests.effects", [place])[place]
    _, present = offsets.claim("tests.effects", [place])[place]
    record = a_record_of(a_thing_moved())

    assert apply_batch(get_group("tests.effects"), [record], {place: stale}) == {}
    assert effects.effects() == []
    assert apply_batch(get_group("tests.effects"), [record], {place: present}) == {place: 1}


def test_a_rejected_record_is_set_aside_and_all_others_are_applied():
    poisoned, well = uuid4(), uuid4()

    deliver([a_thing_moved(poisoned, step=REJECTED_STEP), a_thing_moved(well), a_thing_moved(well)], "tests.effects")

    assert applied(well) == [1, 2]
    assert letters() == [("poison", "Reject: no such step")]


def test_later_records_of_a_poisoned_key_wait_in_their_order():
    thing = uuid4()
    deliver([a_thing_moved(thing), a_thing_moved(thing, step=REJECTED_STEP), a_thing_moved(thing)], "tests.effects")
    deliver([a_thing_moved(thing, step=9), a_thing_stopped(thing)], "tests.effects")

    assert applied(thing) == [1]
    assert [state for state, _ in letters()] == ["poison", "waiting", "waiting", "waiting"]
    assert [(row.key, row.cause) for row in ParkedKey.objects.all()] == [(str(thing), "poison")]


def test_a_record_that_breaks_the_handler_is_tried_again_and_never_quoted(caplog):
    deliver([a_thing_moved(step=BROKEN_STEP, whose="Ada Norris")], "tests.effects")

    letter = DeadLetter.objects.get()
    assert (letter.error, letter.attempts) == ("ValueError", 3)
    assert "Ada" not in caplog.text


@pytest.mark.parametrize(
    ("changes", "reason"),
    [
        ({"value": b"{"}, "InvalidEvent"),
        ({"value": b'{"step": 1}'}, "InvalidEvent"),
        ({"headers": {}}, "InvalidEvent"),
        ({"headers": {"ce_type": "tests.thing.unheard_of"}}, "InvalidEvent"),
    ],
)
def test_what_cannot_be_read_is_a_dead_letter_and_stops_nobody(changes, reason):
    well = uuid4()

    deliver([a_record_of(a_thing_moved(), **changes), a_thing_moved(well)], "tests.effects")

    assert applied(well) == [1]
    assert [error.partition(":")[0] for _, error in letters()] == [reason]


def test_a_type_that_the_platform_does_not_know_is_a_dead_letter():
    record = a_record_of(a_thing_moved())
    headers = {**record.headers, "ce_type": "tests.thing.unheard_of"}

    deliver([a_record_of(a_thing_moved(), headers=headers)], "tests.effects")

    assert letters() == [("poison", "UnknownEventType: tests.thing.unheard_of")]


def test_a_known_type_that_the_group_does_not_handle_is_passed_over():
    deliver([a_thing_stopped(), a_thing_moved()], "tests.newest")

    assert len(effects.effects()) == 1
    assert letters() == []


def test_a_raw_record_that_is_garbage_keeps_no_later_one_of_its_key_waiting():
    topic = "tests.raw.v1"
    deliver([a_raw_record(topic=topic, value=value, key="k") for value in (b"1", b"garbage", b"2")], "tests.raw")

    assert effects.raw_effects() == ["k:1", "k:2"]
    assert [state for state, _ in letters()] == ["poison"]


def test_characters_that_no_text_column_takes_are_a_dead_letter_too():
    headers = {"ce_type": "tests.thing.moved", "ce_id": "\x00", "\x00": "\x00"}
    well = uuid4()

    deliver([a_record_of(a_thing_moved(), headers=headers), a_thing_moved(well)], "tests.effects")

    assert applied(well) == [1]
    assert [state for state, _ in letters()] == ["poison"]


def test_text_of_a_foreign_record_can_be_stored_whatever_its_bytes_are():
    assert to_text(b"a\x00b\xff") == "a\N{REPLACEMENT CHARACTER}b\N{REPLACEMENT CHARACTER}"
    assert decode_headers([("a", None), ("b", b"\xff")]) == {"a": "", "b": "\N{REPLACEMENT CHARACTER}"}


def test_a_key_that_is_too_long_for_an_index_is_parked_like_any_other_and_told_from_others():
    letters_of_four_bytes = "".join(chr(0x20000 + Random(7 + n).randrange(40_000)) for n in range(5_000))
    key, other = to_key(letters_of_four_bytes.encode()), to_key(f"{letters_of_four_bytes}!".encode())

    deliver(
        [a_record_of(a_thing_moved(), key=key, value=b"{"), a_record_of(a_thing_moved(), key=other)], "tests.effects"
    )

    assert list(ParkedKey.objects.values_list("key", flat=True)) == [key]
    assert len(effects.effects()) == 1
    assert to_key(b"short") == "short"


@pytest.mark.parametrize("timestamp_ms", [-1, 2**62, 253_402_300_799_999])
def test_a_record_of_a_time_that_no_calendar_has_can_be_set_aside(timestamp_ms):
    record = a_record_of(a_thing_moved(), value=b"{", timestamp=record_time(timestamp_ms))

    deliver([record], "tests.effects")

    assert DeadLetter.objects.get().timestamp == record.timestamp


def test_records_of_one_key_keep_their_order_across_handlers():
    thing, other = uuid4(), uuid4()
    deliver([a_thing_moved(thing), a_thing_stopped(thing), a_thing_moved(other), a_thing_moved(thing)], "tests.effects")

    assert [(consumer, version) for consumer, each, version in effects.effects() if each == thing] == [
        ("moves", 1),
        ("stops", 2),
        ("moves", 3),
    ]


def test_a_consumer_of_the_newest_gets_no_older_version():
    thing = uuid4()
    records = [a_record_of(a_thing_moved(thing, step=n), version=n) for n in (1, 2, 3, 4)]

    deliver([records[1], records[0]], "tests.newest")
    deliver([records[3]], "tests.newest")
    deliver([records[2]], "tests.newest")

    assert applied(thing) == [2, 4]


def test_outputs_tell_what_they_came_from():
    cause = a_record_of(a_thing_moved(), event_id=new_id())
    other = a_record_of(a_thing_moved(), event_id=new_id())

    deliver([cause, other], "tests.outputs")

    rows = StoredEvent.objects.order_by("id").values_list("causation_id", "correlation_id", "actor")
    expected = [(UUID(each.headers["ce_id"]), each.headers["ce_id"], "system:tests.outputs") for each in (cause, other)]
    assert list(rows) == expected


def test_a_group_applies_what_the_log_holds_once():
    deliver([a_thing_moved(), a_thing_moved()], "tests.outputs")

    deliver_log("tests.effects")
    deliver_log("tests.effects")

    assert [consumer for consumer, _, _ in effects.effects()] == ["stops", "stops"]


@pytest.mark.django_db(transaction=True)
def test_when_the_database_is_away_nothing_has_happened_and_nothing_is_at_fault(monkeypatch):
    place = (THINGS, 0)
    _, epoch = offsets.claim("tests.effects", [place])[place]
    record = a_record_of(a_thing_moved())

    def away(*_: object) -> None:
        with connection.cursor() as cursor:
            cursor.execute("SELECT pg_terminate_backend(pg_backend_pid())")

    with monkeypatch.context() as patch:
        patch.setattr("streaming.consuming.offsets.store", away)
        with pytest.raises(OperationalError):
            apply_batch(get_group("tests.effects"), [record], {place: epoch})
    connection.close()

    assert (effects.effects(), letters()) == ([], [])
    apply_batch(get_group("tests.effects"), [record], {place: epoch})
    assert len(effects.effects()) == 1
