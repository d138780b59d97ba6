"""Months of the log: there in time, mended where they were not, and dropped only behind everybody who needs them."""

import os
from collections.abc import Iterator, Sequence
from datetime import UTC, date, datetime, timedelta
from io import StringIO
from uuid import UUID, uuid4

import psycopg
import pytest
from django.core.management import CommandError, call_command
from django.db import ProgrammingError, connection, connections, transaction

from streaming import outbox, partitions
from streaming.models import InboxEntry
from streaming.partitions import LogIsBusy, MonthIsNeeded, drop_month, make_partitions, partition_state
from streaming.topics import declared
from tests.support.builders.streaming import a_thing_moved
from tests.support.streams import deliver_log, published, recorded_event_names, relay_once

pytestmark = pytest.mark.django_db(transaction=True, databases=["default", "owner"])

OLD = date(2024, 2, 1)


@pytest.fixture(autouse=True)
def _as_before() -> Iterator[None]:
    """Leave the partitions as the migrations made them."""
    yield
    with psycopg.connect(os.environ["DATABASE_ADMIN_URL"], autocommit=True) as admin:
        admin.execute("SET session_replication_role = replica")
        admin.execute("TRUNCATE streaming_event, streaming_inbox, streaming_held")
        admin.execute("DELETE FROM streaming_relay")
        for (part,) in admin.execute(
            "SELECT months.part::text FROM unnest(ARRAY['streaming_event', 'streaming_inbox']) AS parent,"
            " LATERAL streaming_months(parent) AS months"
            " WHERE months.month < date_trunc('month', now() AT TIME ZONE 'UTC')"
        ).fetchall():
            admin.execute(f"DROP TABLE {part}")
        admin.execute("DROP TABLE IF EXISTS streaming_seal")
    make_partitions()


def test_at_midnight_events_go_on_in_the_next_month():
    coming = months_from_now(1)
    midnight = datetime(coming.year, coming.month, 1, tzinfo=UTC)
    before = record(at=midnight - timedelta(milliseconds=1))
    after = record(at=midnight)

    assert where(before) == f"streaming_event_{months_from_now(0):%Y_%m}"
    assert where(after) == f"streaming_event_{coming:%Y_%m}"


def test_events_of_a_missing_month_are_kept_told_of_and_moved_into_it_when_it_is_made():
    month = months_from_now(3)
    lose_month(month)
    strays = [record(at=in_month(month, day)) for day in (1, 28)]
    deliver_log("tests.effects")
    assert {where(stray) for stray in strays} == {"streaming_event_default"}
    assert partition_state().rows_in_default == 2
    rows = all_rows()

    assert make_partitions() == 2

    assert {where(stray) for stray in strays} == {f"streaming_event_{month:%Y_%m}"}
    assert partition_state().rows_in_default == 0
    assert all_rows() == rows
    assert InboxEntry.objects.count() == 2
    assert make_partitions() == 0


def test_a_past_month_that_was_never_made_is_made_for_its_events():
    stray = record(at=in_month(OLD, 9))

    make_partitions()

    assert where(stray) == "streaming_event_2024_02"


def test_what_is_of_no_month_stays_in_the_default_partition():
    record(event_id=UUID("ffffffff-ffff-7fff-bfff-ffffffffffff"))

    assert make_partitions() == 0
    assert partition_state().rows_in_default == 1


def test_moved_events_are_published_as_all_others():
    relay_once()
    before = len(published("tests.things.v1"))
    month = months_from_now(3)
    lose_month(month)
    record(at=in_month(month, 1))
    make_partitions()

    relay_once()

    assert len(published("tests.things.v1")) == before + 1


@pytest.mark.parametrize("change", ["UPDATE {} SET actor = 'x'", "DELETE FROM {}", "TRUNCATE {}"])
def test_after_a_move_the_log_refuses_changes_as_before(change):
    month = months_from_now(3)
    lose_month(month)
    record(at=in_month(month, 1))
    make_partitions()
    record(event_id=UUID("ffffffff-ffff-7fff-bfff-ffffffffffff"))

    for table in (f"streaming_event_{month:%Y_%m}", "streaming_event_default", "streaming_event"):
        with (
            psycopg.connect(os.environ["DATABASE_OWNER_URL"]) as owner,
            pytest.raises(psycopg.errors.InsufficientPrivilege, match="append-only"),
        ):
            owner.execute(change.format(table))
        with pytest.raises(ProgrammingError, match="permission denied"), connection.cursor() as cursor:
            cursor.execute(change.format(table))


def test_the_attached_partitions_are_counted_with_the_default_one():
    assert partition_state().attached == 14


def test_a_month_that_is_published_may_go_and_takes_nothing_else_along():
    make_month(OLD)
    record(at=in_month(OLD, 9))
    kept = record()
    relay_once()

    drop_month(OLD)

    assert recorded_event_names() == ["tests.thing.moved"]
    assert where(kept) == f"streaming_event_{months_from_now(0):%Y_%m}"


def test_a_month_with_an_event_that_is_not_published_stays():
    make_month(OLD)
    relay_once()
    record(at=in_month(OLD, 9))

    with pytest.raises(MonthIsNeeded, match="relay:0-63 has not published all of it"):
        drop_month(OLD)


def test_a_month_stays_while_no_relay_has_a_place_in_the_log():
    make_month(OLD)

    with pytest.raises(MonthIsNeeded, match="not every shard has a relay"):
        drop_month(OLD)


def test_a_month_stays_while_a_relay_doubts_its_place():
    make_month(OLD)
    relay_once()
    change("UPDATE streaming_relay SET refused_at = clock_timestamp(), refusal = 'restored'")

    with pytest.raises(MonthIsNeeded, match="its place in the log is in doubt"):
        drop_month(OLD)


def test_a_month_with_a_held_event_stays():
    make_month(OLD)
    event_id = record(at=in_month(OLD, 9))
    relay_once()
    change(
        "INSERT INTO streaming_held (topic, id, shard, error)"
        f" SELECT topic, id, shard, 'unknown' FROM streaming_event WHERE event_id = '{event_id}'"
    )

    with pytest.raises(MonthIsNeeded, match=r"held for tests\.things\.v1"):
        drop_month(OLD)


def test_a_month_that_is_not_sealed_stays():
    make_month(OLD)
    record(at=in_month(OLD, 9))
    relay_once()
    with connections["owner"].cursor() as cursor:
        cursor.execute("CREATE TABLE streaming_seal (last_id bigint)")

    with pytest.raises(MonthIsNeeded, match="not all of it is sealed"):
        drop_month(OLD)
    with connections["owner"].cursor() as cursor:
        cursor.execute("INSERT INTO streaming_seal SELECT max(id) FROM streaming_event")
    drop_month(OLD)


def test_a_young_month_stays():
    with pytest.raises(MonthIsNeeded, match="one of the last three months"):
        drop_month(months_from_now(0))


def test_writers_are_not_held_up_for_a_drop(monkeypatch):
    monkeypatch.setattr(partitions, "TRIES", 1)
    make_month(OLD)
    relay_once()
    with psycopg.connect(os.environ["DATABASE_URL"]) as writer:
        writer.execute("LOCK TABLE streaming_event IN ROW EXCLUSIVE MODE")
        with pytest.raises(LogIsBusy):
            drop_month(OLD)


def test_the_applications_role_can_drop_no_month_of_the_log():
    make_month(OLD)
    relay_once()
    with pytest.raises(ProgrammingError, match="permission denied"), connection.cursor() as cursor:
        cursor.execute("SELECT streaming_drop_month(%s)", [OLD])


def test_the_inbox_of_old_months_goes_and_that_of_the_last_ones_stays(monkeypatch):
    monkeypatch.setattr(partitions, "declared", tuple)
    for back in (2, 3):
        make_month(months_from_now(-back))
        record(at=in_month(months_from_now(-back), 5))
    deliver_log("tests.effects")

    assert partitions.drop_old_inbox() == 1

    assert InboxEntry.objects.count() == 1
    assert partitions.drop_old_inbox() == 0


def test_the_inbox_knows_an_event_for_as_long_as_a_topic_can_bring_it_again():
    longest = max(topic.retention_days for topic in declared())
    month = (datetime.now(UTC) - timedelta(days=longest)).date().replace(day=1)
    make_month(month)

    assert partitions.drop_old_inbox() == 0


def test_the_command_shows_makes_and_drops(settings):
    settings.EVENT_RETENTION_MONTHS = 3
    make_month(OLD)
    relay_once()

    assert "2024-02" in told("status")
    assert told("make").startswith("0 partitions made")
    with pytest.raises(CommandError, match="needs --before"):
        told("drop")
    with pytest.raises(CommandError, match="EVENT_RETENTION_MONTHS keeps everything since"):
        told("drop", "--before", f"{months_from_now(-1):%Y-%m}")
    assert "2024-02: dropped" in told("drop", "--before", "2024-03", "--yes")
    assert "There is no month" in told("drop", "--before", "2024-03", "--yes")


def test_the_command_ends_with_status_1_if_a_month_has_to_stay(settings):
    settings.EVENT_RETENTION_MONTHS = 3
    make_month(OLD)

    with pytest.raises(SystemExit) as ended:
        told("drop", "--before", "2024-03", "--yes")
    assert ended.value.code == 1


def record(*, at: datetime | None = None, event_id: UUID | None = None) -> UUID:
    """Record an event whose id was made at a moment."""
    if event_id is None:
        milliseconds = int((at or datetime.now(UTC)).timestamp() * 1000)
        event_id = UUID(int=(milliseconds << 80) | (0x7 << 76) | (0x2 << 62) | (uuid4().int & (2**62 - 1)))
    with transaction.atomic():
        outbox.record(a_thing_moved(), event_id=event_id)
    return event_id


def where(event_id: UUID) -> str:
    with connection.cursor() as cursor:
        cursor.execute("SELECT tableoid::regclass::text FROM streaming_event WHERE event_id = %s", [event_id])
        return str(cursor.fetchone()[0])


def all_rows() -> Sequence[str]:
    with connection.cursor() as cursor:
        cursor.execute("SELECT streaming_event::text FROM streaming_event ORDER BY id")
        return [row for (row,) in cursor.fetchall()]


def months_from_now(months: int) -> date:
    number = datetime.now(UTC).year * 12 + datetime.now(UTC).month - 1 + months
    return date(number // 12, number % 12 + 1, 1)


def in_month(month: date, day: int) -> datetime:
    return datetime(month.year, month.month, day, 12, tzinfo=UTC)


def make_month(month: date) -> None:
    with connections["owner"].cursor() as cursor:
        for parent in ("streaming_event", "streaming_inbox"):
            cursor.execute("SELECT streaming_make_partition(%s, %s)", [parent, month])


def lose_month(month: date) -> None:
    with psycopg.connect(os.environ["DATABASE_OWNER_URL"], autocommit=True) as owner:
        owner.execute(f"DROP TABLE streaming_event_{month:%Y_%m}, streaming_inbox_{month:%Y_%m}")


def change(statement: str) -> None:
    with connection.cursor() as cursor:
        cursor.execute(statement)


def told(*arguments: str) -> str:
    out = StringIO()
    call_command("partitions", *arguments, stdout=out, stderr=StringIO())
    return out.getvalue()
