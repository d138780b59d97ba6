"""A log is not published from another database than it was, until people adopt it."""

import os
import threading
from datetime import UTC, datetime, timedelta
from io import StringIO
from typing import Any
from uuid import UUID, uuid4

import psycopg
import pytest
from django.core.management import CommandError, call_command
from django.db import connection, transaction

from streaming import envelope, kafka, outbox
from streaming.database import connect
from streaming.relaying import lease
from streaming.relaying.adoption import StillPublished, adopt, examine
from streaming.relaying.loop import RelayLoop
from streaming.relaying.ranges import ranges
from streaming.topics import topic_name
from tests.support.builders.streaming import a_thing_moved
from tests.support.streams import is_all_sent, published, relay_once, running_relay
from tests.support.waiting import wait_until

pytestmark = pytest.mark.django_db(transaction=True)

(SHARDS,) = ranges()
TOPIC = "tests.things.v1"


@pytest.fixture(autouse=True)
def _a_log_of_its_own(settings):
    """The topics hold what earlier tests published, and the row outlasts a test."""
    settings.INSTITUTION = f"tests-{uuid4().hex[:8]}"
    envelope._headers_of_type.cache_clear()
    relay_once()
    yield
    envelope._headers_of_type.cache_clear()
    change_row(
        "refused_at = NULL, refusal = NULL, snap = '3:3:', window_snap = NULL, last_id = 0,"
        " system_identifier = NULL, timeline = NULL, lies_in = NULL"
    )


def test_a_log_in_another_database_cluster_is_refused_and_says_what_to_do():
    change_row("system_identifier = 42")
    thing = record_moves(1)
    with running_relay(), running_relay(), connect() as session:
        wait_until(refusal, "it was not refused")
        wait_until(lambda: lease.live_runners(session, name=SHARDS.name) == 2, "nobody waits for it to be adopted")

        assert "another database cluster" in str(refusal())
        assert "manage.py relay adopt --since" in str(refusal())
        assert not is_all_sent()

    assert versions(thing) == []


def test_a_log_whose_transaction_ids_have_gone_back_is_refused():
    change_row("snap = '900000000:900000000:'")
    with running_relay():
        wait_until(refusal, "it was not refused")

    assert "transaction ids have gone back" in str(refusal())


def test_a_promoted_database_that_lost_nothing_is_published_on():
    record_moves(3)
    relay_once()
    present = timeline()
    change_row("timeline = '000000FF'")
    thing = record_moves(1)

    relay_once()

    assert versions(thing) == [1]
    assert timeline() == present


def test_a_promoted_database_that_lost_events_is_refused_and_names_them():
    thing = record_moves(3)
    relay_once()
    lost = forget_events(thing, after=1)
    change_row("timeline = '000000FF'")
    with running_relay():
        wait_until(refusal, "it was not refused")

    assert "2 events that were published are not in the log" in str(refusal())
    assert all(event_id in str(refusal()) for event_id in lost)
    assert timeline() == "000000FF"


STARTED_ANEW = pytest.param("server_started_at = '2020-01-01Z'", "from an older state of its files", id="an-older-copy")
"""A server that was started later: it may have crashed, or a copy of its files was put back."""
IN_OTHER_TABLES = pytest.param("lies_in = '16384/16390'", "restored into other tables", id="a-dump-that-was-restored")


@pytest.mark.parametrize(("change", "_words"), [STARTED_ANEW, IN_OTHER_TABLES])
def test_a_database_that_looks_like_the_one_before_and_lacks_nothing_is_published_on(change, _words):
    record_moves(3)
    relay_once()
    change_row(change)
    thing = record_moves(1)

    relay_once()

    assert versions(thing) == [1]


@pytest.mark.parametrize(("change", "words"), [STARTED_ANEW, IN_OTHER_TABLES])
def test_a_database_that_looks_like_the_one_before_and_lacks_events_is_refused_and_names_them(change, words):
    thing = record_moves(3)
    relay_once()
    lost = forget_events(thing, after=1)
    change_row(change)
    with running_relay():
        wait_until(refusal, "it was not refused")

    assert words in str(refusal())
    assert all(event_id in str(refusal()) for event_id in lost)


def test_a_stray_record_under_an_old_version_does_not_keep_a_crashed_server_from_being_published():
    thing = record_moves(2)
    relay_once()
    record = next(record for record in published(TOPIC) if record.key == str(thing))
    producer = kafka.new_producer()
    headers = {**record.headers, "ce_id": str(uuid4())}
    producer.produce(topic_name(TOPIC), record.value, record.key, headers=headers)
    assert producer.flush(20) == 0
    change_row("server_started_at = '2020-01-01Z'")
    other = record_moves(1)

    relay_once()

    assert versions(other) == [1]


def test_what_is_refused_stays_refused_when_a_runner_starts_anew():
    change_row("system_identifier = 42")
    with running_relay():
        wait_until(refusal, "it was not refused")
    first = refusal()
    thing = record_moves(1)
    with running_relay(), connect() as session:
        wait_until(lambda: lease.live_runners(session, name=SHARDS.name) == 1, "nobody runs")
        assert (refusal(), is_all_sent()) == (first, False)

    assert versions(thing) == []


def test_an_adopted_log_is_sent_again_and_goes_on_above_what_was_published():
    since = datetime.now(UTC) - timedelta(minutes=5)
    thing, other = record_moves(3), record_moves(2)
    relay_once()
    lost = forget_events(thing, after=1)
    change_row("system_identifier = 42")
    with running_relay():
        wait_until(refusal, "it was not refused")

        findings = examine(since)
        adopt(findings)
        wait_until(is_all_sent, "the running relay did not go on")
        with transaction.atomic():
            version = outbox.record(a_thing_moved(thing))
        wait_until(is_all_sent, "what is new was not sent")

    assert [event.event_id for event in findings.lost] == lost
    assert findings.stale == []
    assert version == 4
    assert refusal() is None
    # Sent once and sent again; the new one follows.
    assert versions(thing) == [1, 2, 3, 1, 4]
    assert versions(other) == [1, 2, 1, 2]


def test_events_under_versions_of_lost_ones_are_named():
    since = datetime.now(UTC) - timedelta(minutes=5)
    thing = record_moves(2)
    relay_once()
    forget_events(thing, after=1)
    with transaction.atomic():
        assert outbox.record(a_thing_moved(thing)) == 2
    change_row("system_identifier = 42")

    ((_, _, aggregate_id, version),) = examine(since).stale

    assert (aggregate_id, version) == (str(thing), 2)


def test_what_was_never_sent_is_sent_after_the_adoption_however_old_it_is():
    thing = record_moves(2)
    change_row("system_identifier = 42")

    adopt(examine(datetime.now(UTC) - timedelta(microseconds=1)))
    relay_once()

    assert versions(thing) == [1, 2]


def test_a_log_that_is_being_published_is_not_adopted():
    with running_relay(), connect() as session:
        wait_until(lambda: lease.live_runners(session, name=SHARDS.name) == 1, "nobody runs")
        findings = examine(datetime.now(UTC) - timedelta(minutes=5))
        with pytest.raises(StillPublished):
            adopt(findings)


def test_the_commands_show_a_refusal_and_adopt_only_when_told(monkeypatch, tmp_path):
    thing = record_moves(2)
    relay_once()
    (lost,) = forget_events(thing, after=1)
    change_row("system_identifier = 42")
    with running_relay():
        wait_until(refusal, "it was not refused")
        assert "another database cluster" in manage("status")

        since = (datetime.now(UTC) - timedelta(minutes=5)).isoformat()
        monkeypatch.setattr("builtins.input", lambda _question: "no")
        with pytest.raises(CommandError, match="nothing was changed"):
            manage("adopt", "--since", since)
        assert refusal() is not None

        printed = manage("adopt", "--since", since, "--yes", "--lost-to", str(tmp_path / "lost.jsonl"))
        wait_until(is_all_sent, "it was not published")
        assert SHARDS.name in manage("status")

    assert lost in printed
    assert lost in (tmp_path / "lost.jsonl").read_text()
    assert refusal() is None


def test_a_time_to_come_is_no_time_to_adopt_from():
    with pytest.raises(CommandError, match="in the past"):
        manage("adopt", "--since", "2999-01-01T00:00:00Z", "--yes")


def test_a_refused_runner_ends_with_its_term():
    change_row("system_identifier = 42")
    RelayLoop(SHARDS, threading.Event(), term_s=0.5).run()

    assert refusal() is not None
    with connect() as session:
        assert lease.live_runners(session, name=SHARDS.name) == 0


def record_moves(count: int) -> UUID:
    thing = uuid4()
    for step in range(count):
        with transaction.atomic():
            outbox.record(a_thing_moved(thing, step=step))
    return thing


def forget_events(thing: UUID, *, after: int) -> list[str]:
    """Take the later events of a thing out of the log and its head back, as a restore would; return their ids."""
    with psycopg.connect(os.environ["DATABASE_ADMIN_URL"], autocommit=True) as admin:
        admin.execute("SET session_replication_role = replica")
        lost = admin.execute(
            "DELETE FROM streaming_event WHERE aggregate_id = %s AND version > %s RETURNING event_id::text",
            [str(thing), after],
        ).fetchall()
        admin.execute("UPDATE streaming_stream SET version = %s WHERE aggregate_id = %s", [after, str(thing)])
    return sorted(event_id for (event_id,) in lost)


def change_row(assignments: str) -> None:
    with connection.cursor() as cursor:
        cursor.execute(f"UPDATE streaming_relay SET {assignments} WHERE name = %s", [SHARDS.name])


def refusal() -> str | None:
    stored: str | None = _column("refusal")
    return stored


def timeline() -> str | None:
    stored: str | None = _column("timeline")
    return stored


def _column(name: str) -> Any:
    with connection.cursor() as cursor:
        cursor.execute(f"SELECT {name} FROM streaming_relay WHERE name = %s", [SHARDS.name])
        ((value,),) = cursor.fetchall()
    return value


def versions(thing: UUID) -> list[int]:
    return [int(record.headers["aggregate-version"]) for record in published(TOPIC) if record.key == str(thing)]


def manage(*arguments: str) -> str:
    output = StringIO()
    call_command("relay", *arguments, stdout=output)
    return output.getvalue()
