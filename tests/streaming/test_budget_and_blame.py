"""What is a record's own fault and what is not: the budget of a partition, transient errors, late constraints."""

import pytest
from django.db import DatabaseError, IntegrityError, InternalError, OperationalError, connection, transaction

from edge.transient import is_transient
from kernel import clock
from streaming.consuming import offsets
from streaming.consuming.applying import apply_batch
from streaming.consuming.budget import LETTERS
from streaming.consuming.records import RawRecord
from streaming.consuming.registry import get_group
from streaming.models import DeadLetter, InboxEntry, Offset
from streaming.services import let_partition_go_on
from tests.streaming import effects
from tests.streaming.effects import ORPHANED_STEP, REJECTED_STEP
from tests.support.builders.streaming import a_thing_moved
from tests.support.streams import a_record_of, deliver

pytestmark = pytest.mark.django_db

GROUP = "tests.effects"
THINGS = "tests.things.v1"


def poison(count: int) -> list[RawRecord]:
    return [a_record_of(a_thing_moved(step=REJECTED_STEP)) for _ in range(count)]


def run(statements: str) -> None:
    with transaction.atomic(), connection.cursor() as cursor:
        cursor.execute(statements, None)


def stand() -> Offset:
    return Offset.objects.get(group=GROUP, partition=0)


def test_a_partition_with_as_many_poisoned_records_as_it_may_have_goes_on():
    deliver([*poison(LETTERS), a_thing_moved()], GROUP)

    assert DeadLetter.objects.count() == LETTERS
    assert stand().stopped_at is None
    assert len(effects.effects()) == 1


def test_one_poisoned_record_too_many_stops_its_partition_behind_it(caplog):
    behind = a_record_of(a_thing_moved())

    deliver([a_thing_moved(), *poison(LETTERS + 1), behind, *poison(3)], GROUP)

    assert DeadLetter.objects.count() == LETTERS + 1
    assert len(effects.effects()) == 1
    assert not InboxEntry.objects.filter(event_id=behind.headers["ce_id"]).exists()
    assert stand().next_offset == LETTERS + 2
    assert stand().stop_reason == "More than 50 records could not be applied within 5 minutes."
    assert "CRITICAL" in caplog.text


def test_the_budget_is_spent_over_several_batches_and_by_what_cannot_be_read():
    deliver(poison(LETTERS), GROUP)
    deliver([a_record_of(a_thing_moved(), value=b"{"), a_thing_moved()], GROUP)

    assert stand().stopped_at is not None
    assert effects.effects() == []


def test_letters_that_people_settled_or_that_are_old_do_not_count():
    deliver(poison(LETTERS), GROUP)
    letters = DeadLetter.objects.order_by("id")
    letters.filter(id__lte=letters[9].id).update(state=DeadLetter.State.REDRIVEN)
    with connection.cursor() as cursor:
        cursor.execute(
            "UPDATE streaming_dead_letter SET created_at = created_at - interval '6 min' WHERE state='poison'"
        )

    deliver([*poison(LETTERS), a_thing_moved()], GROUP)

    assert stand().stopped_at is None


def test_nothing_of_a_stopped_partition_is_applied_until_people_let_it_go_on():
    place = (THINGS, 0)
    _, epoch = offsets.claim(GROUP, [place])[place]
    other = (THINGS, 1)
    _, other_epoch = offsets.claim(GROUP, [other])[other]
    offsets.stop(GROUP, place, epoch=epoch, reason="of old age")
    records = [a_record_of(a_thing_moved(), partition=number) for number in (0, 1)]

    assert apply_batch(get_group(GROUP), records, {place: epoch, other: other_epoch}) == {other: 1}
    Offset.objects.update(stopped_at=None, stop_reason=None)
    assert apply_batch(get_group(GROUP), records, {place: epoch, other: other_epoch}) == {place: 1}


def test_a_partition_that_people_let_go_on_has_a_budget_as_if_nothing_had_failed():
    deliver(poison(LETTERS + 1), GROUP)
    let_partition_go_on(group=GROUP, topic=THINGS, partition=0, reason="mended", now=clock.now())

    deliver([*poison(LETTERS), a_thing_moved()], GROUP)
    assert stand().stopped_at is None
    assert len(effects.effects()) == 1

    deliver(poison(1), GROUP)
    assert stand().stopped_at is not None


def test_a_former_owner_stops_nothing():
    place = (THINGS, 0)
    _, stale = offsets.claim(GROUP, [place])[place]
    offsets.claim(GROUP, [place])

    offsets.stop(GROUP, place, epoch=stale, reason="of old age")

    assert stand().stopped_at is None


@pytest.mark.django_db(transaction=True)
def test_a_constraint_that_is_checked_at_the_end_is_the_fault_of_the_record_that_breaks_it():
    deliver([a_thing_moved(step=ORPHANED_STEP), a_thing_moved()], "tests.late")

    assert len(effects.effects()) == 1
    assert list(DeadLetter.objects.values_list("error", "attempts")) == [("IntegrityError", 3)]


@pytest.mark.parametrize(
    ("statement", "is_passing"),
    [
        ("SET TRANSACTION READ ONLY; CREATE TABLE no (n int)", True),
        ("SET LOCAL statement_timeout = 1; SELECT pg_sleep(1)", True),
        ("DO $$ BEGIN RAISE EXCEPTION '' USING ERRCODE = 'deadlock_detected'; END $$", True),
        ("DO $$ BEGIN RAISE EXCEPTION '' USING ERRCODE = 'serialization_failure'; END $$", True),
        ("DO $$ BEGIN RAISE EXCEPTION '' USING ERRCODE = 'disk_full'; END $$", True),
        ("DO $$ BEGIN RAISE EXCEPTION '' USING ERRCODE = 'program_limit_exceeded'; END $$", False),
        ("DO $$ BEGIN RAISE EXCEPTION '' USING ERRCODE = 'unique_violation'; END $$", False),
        ("SELECT 1/0", False),
    ],
)
def test_only_what_the_database_itself_brings_about_passes(statement, is_passing):
    with pytest.raises(DatabaseError) as raised:
        run(statement)

    assert is_transient(raised.value) is is_passing


def test_errors_that_are_not_the_databases_never_pass():
    assert is_transient(OperationalError("the connection is closed"))
    assert is_transient(InternalError("current transaction is aborted"))
    assert not is_transient(IntegrityError("a foreign key"))
    assert not is_transient(ValueError("a handler's"))
