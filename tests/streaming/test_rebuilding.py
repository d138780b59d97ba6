"""Views are what their events say: built anew beside the live ones they are equal, and may replace them."""

import os
import threading
from collections.abc import Callable, Iterator
from datetime import UTC, date, datetime
from io import StringIO
from typing import Any
from uuid import UUID, uuid4

import psycopg
import pytest
from confluent_kafka import TopicPartition
from django.core.management import CommandError, call_command
from django.db import connection, connections, transaction

from streaming import kafka, outbox, partitions, topics
from streaming.broker_topics import apply_topics, topic_differences
from streaming.consuming.registry import get_group
from streaming.models import DeadLetter, InboxEntry, Offset
from streaming.rebuilding.errors import RebuildFailed, RebuildRefused
from streaming.rebuilding.filling import fill_from_log
from streaming.rebuilding.rebuild import Outcome, rebuild
from streaming.services.letters import discard_letter
from streaming.topics import topic_name
from tests.streaming import steps_view
from tests.streaming.steps_view import GROUP, RAW, SUMS, TABLES, UNTIDY, steps, sums
from tests.support.builders.streaming import a_thing_moved, a_thing_stopped
from tests.support.race import run_inside
from tests.support.streams import deliver_log, drain, published, recorded_event_names, relay_once
from tests.support.waiting import wait_until

pytestmark = pytest.mark.django_db(transaction=True, databases=["default", "owner"])


@pytest.fixture(autouse=True, scope="module")
def _views(django_db_setup: None, django_db_blocker: Any) -> None:
    with django_db_blocker.unblock(), connections["owner"].cursor() as cursor:
        cursor.execute(TABLES)


@pytest.fixture(autouse=True)
def _nothing_refused() -> Iterator[None]:
    yield
    steps_view.refused_steps.clear()


@pytest.fixture
def own_topics(settings: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    """Let the tests' topics be new ones, with nothing in them yet."""
    settings.TOPIC_PREFIX = f"{settings.TOPIC_PREFIX}{uuid4().hex[:8]}."
    ours = {topic.name: topic for topic in topics.declared() if topic.name in {"tests.things.v1", "tests.raw.v1"}}
    monkeypatch.setattr(topics, "_declared", ours)
    apply_topics()
    wait_until(lambda: topic_differences() == [], "the topics are not there")


def test_an_emptied_view_gets_its_rows_back():
    ada, ben = move(1, 2), move(1)
    deliver_log(GROUP)
    change_view("DELETE FROM tests_step")

    outcome = rebuilt(may_replace=True)

    assert steps() == {ada: 2, ben: 1}
    assert [(each.removed, each.added) for each in outcome.replaced] == [(0, 2)]


def test_rows_that_differ_are_replaced_and_no_others():
    ada, ben = move(1), move(1)
    deliver_log(GROUP)
    change_view(f"UPDATE tests_step SET step = 99 WHERE thing_id = '{ada}'")
    change_view(f"INSERT INTO tests_step VALUES ('{uuid4()}', 7)")
    untouched = row_version(ben)

    outcome = rebuilt(may_replace=True)

    assert steps() == {ada: 1, ben: 1}
    assert [(each.removed, each.added) for each in outcome.replaced] == [(2, 1)]
    assert row_version(ben) == untouched


def test_a_view_that_is_right_has_the_digest_of_its_rebuilt_one():
    move(1, 2, 3)
    deliver_log(GROUP)

    outcome = rebuilt(may_replace=True)

    assert outcome.comparison.live == outcome.comparison.rebuilt
    assert outcome.comparison.records == 3
    assert outcome.replaced == ()


def test_without_leave_nothing_is_replaced():
    move(1)
    deliver_log(GROUP)
    change_view("DELETE FROM tests_step")

    outcome = rebuilt(may_replace=False)

    assert not outcome.comparison.is_equal
    assert steps() == {}


def test_outputs_are_not_repeated_and_the_next_event_is_applied_once():
    ada = move(1)
    deliver_log(GROUP)
    change_view("DELETE FROM tests_step")
    inbox, offsets = InboxEntry.objects.count(), list(Offset.objects.values_list("next_offset", flat=True))

    rebuilt(may_replace=True)
    assert recorded_event_names() == ["tests.thing.moved", "tests.thing.stopped"]
    assert InboxEntry.objects.count() == inbox
    assert list(Offset.objects.filter(topic="tests.things.v1", partition=0).values_list("next_offset", flat=True)) == (
        offsets
    )

    move(2, thing=ada)
    deliver_log(GROUP)
    assert steps() == {ada: 2}
    assert recorded_event_names() == ["tests.thing.moved", "tests.thing.stopped"] * 2


def test_an_event_that_the_live_group_has_not_had_is_left_to_it():
    ada = move(1)
    deliver_log(GROUP)
    ben = move(1)

    assert rebuilt(may_replace=True).comparison.is_equal
    assert steps() == {ada: 1}

    deliver_log(GROUP)
    assert steps() == {ada: 1, ben: 1}


def test_what_the_live_group_gets_meanwhile_is_caught_up_with():
    move(1)
    deliver_log(GROUP)
    not_had = move(1)
    begun = LateCommit()

    def meanwhile() -> None:
        begun.commit()
        move(2, 3, thing=not_had)
        deliver_log(GROUP)

    outcome = rebuilt(may_replace=True, at_first=meanwhile)

    assert outcome.comparison.is_equal
    assert steps()[begun.thing] == 1
    assert steps()[not_had] == 3
    assert outcome.comparison.records == 5


def test_a_consumer_waits_while_rows_are_replaced_and_readers_do_not(monkeypatch):
    ada = move(1)
    deliver_log(GROUP)
    change_view("DELETE FROM tests_step")
    move(2, thing=ada)
    seen: list[dict[UUID, int]] = []

    def consume() -> None:
        seen.append(steps())
        deliver_log(GROUP)

    outcome, consumed = run_inside(
        lambda: rebuilt(may_replace=True),
        consume,
        at="streaming.rebuilding.views.replace_views",
        monkeypatch=monkeypatch,
    )

    assert consumed is None
    assert isinstance(outcome, Outcome)
    assert outcome.replaced
    assert seen == [{}]
    assert steps() == {ada: 2}


def test_a_partition_that_nobody_has_read_yet_cannot_be_begun_while_rows_are_replaced(monkeypatch):
    ada = move(1)

    outcome, consumed = run_inside(
        lambda: rebuilt(may_replace=True),
        lambda: deliver_log(GROUP),
        at="streaming.rebuilding.views.live_digests",
        monkeypatch=monkeypatch,
    )

    assert isinstance(outcome, Outcome)
    assert consumed is None
    assert steps() == {ada: 1}


def test_what_was_set_aside_stays_aside():
    steps_view.refused_steps.add(666)
    ada = move(1)
    deliver_log(GROUP)
    for step in (666, 3):
        move(step, thing=ada)
        deliver_log(GROUP)
    assert DeadLetter.objects.count() == 2
    steps_view.refused_steps.clear()

    assert rebuilt(may_replace=True).comparison.is_equal
    assert steps() == {ada: 1}
    assert DeadLetter.objects.count() == 2


def test_what_was_redriven_is_part_of_the_view():
    steps_view.refused_steps.add(666)
    ada = move(1)
    deliver_log(GROUP)
    move(666, thing=ada)
    deliver_log(GROUP)
    steps_view.refused_steps.clear()

    def redrive() -> None:
        change_view(f"UPDATE tests_step SET step = 666 WHERE thing_id = '{ada}'")
        DeadLetter.objects.update(state=DeadLetter.State.REDRIVEN)

    assert rebuilt(may_replace=False, at_first=redrive).comparison.is_equal


def test_where_every_event_counts_all_are_applied_but_those_that_people_gave_up():
    steps_view.refused_steps.add(666)
    ada, ben = move(1, 666), move(5)
    stop(ada)  # counted, though this group does nothing with it.
    move(3, thing=ada)
    deliver_log(SUMS)
    assert sums() == {ada: (1, 1), ben: (5, 1)}
    assert rebuilt(SUMS, may_replace=True).comparison.is_equal

    discard_letter(letter_id=DeadLetter.objects.earliest("id").id, reason="a slip", now=datetime.now(UTC))
    move(4, thing=ada)
    deliver_log(SUMS)
    assert sums() == {ada: (8, 3), ben: (5, 1)}
    change_view("DELETE FROM tests_sum")
    steps_view.refused_steps.clear()  # even what could be applied now stays given up.

    rebuilt(SUMS, may_replace=True)

    assert sums() == {ada: (8, 3), ben: (5, 1)}


@pytest.mark.usefixtures("own_topics")
def test_where_every_event_counts_the_topics_give_the_same_sums():
    steps_view.refused_steps.add(666)
    ada, ben = move(1, 666, 3), move(5)
    relay_once()
    drain(SUMS)
    discard_letter(letter_id=DeadLetter.objects.earliest("id").id, reason="a slip", now=datetime.now(UTC))
    before = sums()
    assert before == {ada: (4, 2), ben: (5, 1)}
    change_view("DELETE FROM tests_sum")

    rebuilt(SUMS, source="topics", may_replace=True)

    assert sums() == before


def test_an_event_that_can_no_longer_be_applied_is_named_and_changes_nothing():
    move(1)
    deliver_log(GROUP)
    change_view("DELETE FROM tests_step")
    steps_view.refused_steps.add(1)
    event_id = InboxEntry.objects.get().event_id

    with pytest.raises(RebuildFailed, match=f"event {event_id}.*no such step"):
        rebuilt(may_replace=True)
    assert steps() == {}
    assert DeadLetter.objects.count() == 0


def test_a_handler_that_writes_what_is_not_its_groups_is_stopped():
    move(1)
    deliver_log(UNTIDY)

    with pytest.raises(RebuildFailed, match="more than its group's views"):
        rebuilt(UNTIDY, may_replace=True)
    with connection.cursor() as cursor:
        cursor.execute("SELECT count(*) FROM tests_effect")
        assert cursor.fetchone() == (1,)


def test_a_group_without_views_is_refused():
    with pytest.raises(RebuildRefused, match="keeps no views"):
        rebuilt("tests.effects", may_replace=True)


def test_two_rebuilds_of_one_group_do_not_meet():
    move(1)
    deliver_log(GROUP)
    refusals = []

    def again() -> None:
        try:
            rebuilt(may_replace=True)
        except RebuildRefused as error:
            refusals.append(str(error))

    rebuilt(may_replace=True, at_first=again)
    assert refusals == [f"{GROUP} is being rebuilt already"]


def test_events_whose_inbox_was_dropped_count_as_had():
    old = date(2025, 3, 1)
    with connections["owner"].cursor() as cursor:
        for parent in ("streaming_event", "streaming_inbox"):
            cursor.execute("SELECT streaming_make_partition(%s, %s)", [parent, old])
    ada = uuid4()
    with transaction.atomic():
        outbox.record(a_thing_moved(ada), event_id=an_id_of(datetime(2025, 3, 9, tzinfo=UTC)))
    deliver_log(GROUP)
    assert partitions.drop_old_inbox() == 1
    try:
        assert InboxEntry.objects.count() == 0
        assert rebuilt(may_replace=True).comparison.is_equal
        assert steps() == {ada: 1}
    finally:
        with psycopg.connect(os.environ["DATABASE_OWNER_URL"], autocommit=True) as owner:
            owner.execute("DROP TABLE streaming_event_2025_03")


@pytest.mark.usefixtures("own_topics")
def test_a_view_is_rebuilt_from_what_the_topics_hold():
    ada, ben = move(1, 2), move(1)
    relay_once()
    drain(GROUP)
    before = steps()
    assert before == {ada: 2, ben: 1}
    move(3, thing=ada)
    relay_once()  # the live group has not had this one.
    change_view("DELETE FROM tests_step")

    rebuilt(source="topics", may_replace=True)

    assert steps() == before
    assert rebuilt(source="log", may_replace=False).comparison.is_equal
    drain(GROUP)
    assert steps() == {ada: 3, ben: 1}


@pytest.mark.usefixtures("own_topics")
def test_a_topic_that_no_longer_holds_the_beginning_is_refused():
    move(1, 2)
    relay_once()
    drain(GROUP)
    (place,) = {(record.topic, record.partition) for record in published("tests.things.v1")[-1:]}
    delete_first_record(*place)

    with pytest.raises(RebuildRefused, match=r"holds nothing before .* build it from the log"):
        rebuilt(source="topics", may_replace=True)


@pytest.mark.usefixtures("own_topics")
def test_raw_topics_are_rebuilt_from_the_topics_only():
    producer = kafka.new_producer()
    for content in (b"one", b"two"):
        producer.produce(topic_name("tests.raw.v1"), content)
    producer.flush(10)
    drain(RAW)
    change_view("DELETE FROM tests_raw_step WHERE content = 'one'")

    with pytest.raises(RebuildRefused, match="not in the log"):
        rebuilt(RAW, may_replace=True)
    outcome = rebuilt(RAW, source="topics", may_replace=True)

    assert [(each.removed, each.added) for each in outcome.replaced] == [(1, 2)]
    assert rebuilt(RAW, source="topics", may_replace=False).comparison.is_equal


def test_what_a_group_has_not_had_is_applied_out_of_the_log_once():
    ada = move(1)
    deliver_log(GROUP)
    ben = move(1)
    move(2, thing=ada)

    assert fill_from_log(get_group(GROUP), progress=ignored) == 2

    assert steps() == {ada: 2, ben: 1}
    assert recorded_event_names().count("tests.thing.stopped") == 3
    deliver_log(GROUP)  # the topics bring them after all.
    assert recorded_event_names().count("tests.thing.stopped") == 3
    assert fill_from_log(get_group(GROUP), progress=ignored) == 0
    assert not Offset.objects.filter(partition__lt=0).exists()
    assert rebuilt(may_replace=False).comparison.is_equal


def test_filling_keeps_to_versions_and_to_parked_keys():
    steps_view.refused_steps.add(666)
    ada, ben = move(1), move(666)
    deliver_log(SUMS)
    move(2, 3, thing=ada)
    move(4, thing=ben)

    fill_from_log(get_group(SUMS), progress=ignored)
    deliver_log(SUMS)

    assert sums() == {ada: (6, 3)}
    assert DeadLetter.objects.filter(key=str(ben)).count() == 2
    discard_letter(letter_id=DeadLetter.objects.earliest("id").id, reason="a slip", now=datetime.now(UTC))
    assert sums() == {ada: (6, 3), ben: (4, 1)}


def test_where_too_many_records_cannot_be_applied_filling_ends_and_leaves_its_batch_undone():
    steps_view.refused_steps.add(666)
    for _ in range(52):
        move(666)

    with pytest.raises(RebuildFailed, match="too many records"):
        fill_from_log(get_group(GROUP), progress=ignored)
    assert DeadLetter.objects.count() == 0
    assert not Offset.objects.filter(partition__lt=0).exists()


def test_what_is_not_in_the_log_cannot_be_filled():
    with pytest.raises(RebuildRefused, match="not in the log"):
        fill_from_log(get_group(RAW), progress=ignored)


def test_the_command_fills():
    move(1, 2)
    told = StringIO()
    call_command("consume", "--fill", GROUP, stdout=told)
    assert f"2 records of the log applied, which {GROUP} had not had" in told.getvalue()


@pytest.mark.parametrize(
    "arguments",
    [("--check", GROUP), ("--all", "--check"), ("--fill", GROUP, "--check"), ("--rebuild", GROUP, "--all")],
)
def test_the_command_runs_no_group_for_who_asked_for_something_else(arguments):
    with pytest.raises(CommandError, match="--rebuild"):
        call_command("consume", *arguments)


def test_the_command_compares_replaces_and_tells():
    move(1)
    deliver_log(GROUP)
    change_view("DELETE FROM tests_step")

    with pytest.raises(SystemExit) as ended:
        call_command("consume", "--rebuild", GROUP, "--check", stdout=StringIO())
    assert ended.value.code == 1
    told = StringIO()
    call_command("consume", "--rebuild", GROUP, "--yes", stdout=told)
    assert "tests_step: 0 rows removed, 1 added" in told.getvalue()
    told = StringIO()
    call_command("consume", "--rebuild", GROUP, "--check", stdout=told)
    assert "The views are what their events say" in told.getvalue()
    with pytest.raises(CommandError, match="no room declares"):
        call_command("consume", "--rebuild", "tests.nobody")
    with pytest.raises(CommandError, match="keeps no views"):
        call_command("consume", "--rebuild", "tests.effects", stdout=StringIO())


def move(*numbers: int, thing: UUID | None = None) -> UUID:
    """Record that a thing took these steps."""
    thing = thing or uuid4()
    for number in numbers:
        with transaction.atomic():
            outbox.record(a_thing_moved(thing, step=number))
    return thing


def ignored(_done: int, _total: int) -> None:
    """Take no notice of progress."""


def stop(thing: UUID) -> None:
    """Record that a thing came to rest."""
    with transaction.atomic():
        outbox.record(a_thing_stopped(thing))


def rebuilt(
    group: str = GROUP, *, may_replace: bool, source: Any = "log", at_first: Callable[[], None] | None = None
) -> Outcome:
    """Rebuild a group's views; ``at_first`` happens once, on another connection, when the first pass is under way."""
    waiting = [at_first] if at_first else []

    def progress(_done: int, _total: int) -> None:
        if waiting:
            thread = threading.Thread(target=_with_own_connection, args=(waiting.pop(),))
            thread.start()
            thread.join()

    return rebuild(get_group(group), source=source, may_replace=lambda _comparison: may_replace, progress=progress)


class LateCommit:
    """An event whose id is drawn now, and which is committed when it is told to."""

    def __init__(self) -> None:
        self.thing = uuid4()
        self._go, self._drawn = threading.Event(), threading.Event()
        self._thread = threading.Thread(target=_with_own_connection, args=(self._record,))
        self._thread.start()
        assert self._drawn.wait(20)

    def commit(self) -> None:
        self._go.set()
        self._thread.join()

    def _record(self) -> None:
        with transaction.atomic():
            outbox.record(a_thing_moved(self.thing))
            self._drawn.set()
            assert self._go.wait(20)


def _with_own_connection(deed: Callable[[], None]) -> None:
    try:
        deed()
    finally:
        connection.close()


def change_view(statement: str) -> None:
    with connection.cursor() as cursor:
        cursor.execute(statement)


def row_version(thing: UUID) -> str:
    with connection.cursor() as cursor:
        cursor.execute("SELECT xmin::text || ctid::text FROM tests_step WHERE thing_id = %s", [thing])
        return str(cursor.fetchone()[0])


def an_id_of(moment: datetime) -> UUID:
    """Return a UUIDv7 of a moment."""
    milliseconds = int(moment.timestamp() * 1000)
    return UUID(int=(milliseconds << 80) | (0x7 << 76) | (0x2 << 62) | (uuid4().int & (2**62 - 1)))


def delete_first_record(topic: str, number: int) -> None:
    """Let a partition begin at its second record, as retention would."""
    admin = kafka.new_admin()
    place = TopicPartition(topic_name(topic), number, 1)
    for future in admin.delete_records([place]).values():
        future.result()
    consumer = kafka.new_consumer("tests.low")
    try:
        wait_until(
            lambda: consumer.get_watermark_offsets(TopicPartition(topic_name(topic), number), timeout=10)[0] == 1,
            "the partition still begins at 0",
        )
    finally:
        consumer.close()
