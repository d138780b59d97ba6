"""Recording: in the transaction of the cause, versions without a gap, nothing ever changed."""

import os
from uuid import uuid4

import psycopg
import pytest
from django.db import connection, transaction

from kernel import context
from kernel.identifiers import new_id
from streaming import outbox
from streaming.errors import InvalidEvent, OutsideTransaction
from streaming.models import StoredEvent
from tests.support.builders.streaming import a_thing_moved, a_thing_stopped
from tests.support.race import run_inside
from tests.support.streams import recorded_event_names, recorded_events


@pytest.mark.django_db(transaction=True)
def test_an_event_outside_a_transaction_is_refused():
    with pytest.raises(OutsideTransaction):
        outbox.record(a_thing_moved())
    with pytest.raises(OutsideTransaction):
        outbox.record_many([])


@pytest.mark.django_db(transaction=True)
def test_an_event_is_gone_when_its_transaction_is_undone():
    with transaction.atomic():
        outbox.record(a_thing_moved())
        transaction.set_rollback(True)

    assert recorded_event_names() == []


@pytest.mark.django_db
def test_versions_of_an_aggregate_count_from_one_however_they_are_recorded():
    one, other = uuid4(), uuid4()

    assert outbox.record(a_thing_moved(one)) == 1
    outbox.record_many([a_thing_moved(thing, step=n) for n, thing in enumerate([one, other, one, other, one])])
    assert outbox.record(a_thing_moved(one)) == 5

    rows = StoredEvent.objects.order_by("id").values_list("aggregate_id", "version")
    assert list(rows) == [
        (str(one), 1),
        (str(one), 2),
        (str(other), 1),
        (str(one), 3),
        (str(other), 2),
        (str(one), 4),
        (str(one), 5),
    ]


@pytest.mark.django_db
def test_many_events_keep_their_given_order():
    things = [uuid4() for _ in range(50)]
    given = [a_thing_moved(things[n * 7 % 50], step=n) for n in range(500)]

    outbox.record_many(given)

    assert recorded_events() == given


@pytest.mark.django_db
def test_an_event_that_breaks_its_schema_is_refused_without_being_quoted():
    with pytest.raises(InvalidEvent, match="step") as refusal:
        outbox.record(a_thing_moved(step="Ada's secret"))

    assert "Ada" not in str(refusal.value)


@pytest.mark.django_db
def test_the_call_is_written_beside_the_event():
    cause = new_id()
    with context.acting(actor="customer:7", correlation_id="call-1", causation_id=cause, traceparent="00-a-b-01"):
        outbox.record(a_thing_moved(consent_id=cause))
        outbox.record_many([a_thing_moved()])

    for row in StoredEvent.objects.all():
        assert (row.actor, row.correlation_id, row.causation_id, row.traceparent) == (
            "customer:7",
            "call-1",
            cause,
            "00-a-b-01",
        )
    assert StoredEvent.objects.filter(consent_id=cause).count() == 1


@pytest.mark.django_db
@pytest.mark.parametrize("change", ["UPDATE streaming_event SET actor = 'x'", "DELETE FROM streaming_event"])
def test_the_application_may_not_change_the_log(change):
    outbox.record(a_thing_moved())
    with pytest.raises(Exception, match="permission denied"), transaction.atomic(), connection.cursor() as cursor:
        cursor.execute(change)


@pytest.mark.django_db(transaction=True)
@pytest.mark.parametrize(
    "change",
    [
        "UPDATE {} SET actor = 'x'",
        "DELETE FROM {}",
        "TRUNCATE {}",
    ],
)
def test_not_even_the_owner_changes_the_log_by_accident(change):
    with transaction.atomic():
        outbox.record(a_thing_moved())
    with connection.cursor() as cursor:
        cursor.execute("SELECT tableoid::regclass::text FROM streaming_event")
        (partition,) = cursor.fetchone()

    with psycopg.connect(os.environ["DATABASE_OWNER_URL"], autocommit=True) as owner:
        for table in ("streaming_event", partition):
            with pytest.raises(psycopg.errors.InsufficientPrivilege, match="append-only"):
                owner.execute(change.format(table))


@pytest.mark.django_db
def test_events_lie_in_their_month_and_months_ahead_are_made():
    outbox.record(a_thing_moved())
    with connection.cursor() as cursor:
        cursor.execute("SELECT count(*) FROM streaming_event_default")
        assert cursor.fetchone() == (0,)
        cursor.execute("SELECT count(*) FROM pg_inherits WHERE inhparent = 'streaming_event'::regclass")
        assert cursor.fetchone() == (14,)
        cursor.execute("SELECT streaming_make_partitions(13)")
        assert cursor.fetchone() == (2,)


@pytest.mark.django_db(transaction=True)
def test_a_second_writer_waits_for_the_first_and_gets_the_next_version(monkeypatch):
    thing = uuid4()

    def move() -> int:
        with transaction.atomic():
            version = outbox.record(a_thing_moved(thing))
            outbox.record_many([a_thing_stopped()])
            return version

    first, second = run_inside(move, move, at="streaming.outbox.record_many", monkeypatch=monkeypatch)

    assert (first, second) == (1, 2)
    ids = StoredEvent.objects.filter(aggregate_id=str(thing)).order_by("version").values_list("id", flat=True)
    assert list(ids) == sorted(ids)
