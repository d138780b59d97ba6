"""Metrics come from the database and the broker, in any process."""

from datetime import timedelta
from typing import Any

import pytest
from django.db import OperationalError, connection, transaction
from prometheus_client import REGISTRY, generate_latest

from kernel import clock
from streaming import outbox, tallies
from streaming.broker_topics import apply_topics
from tests.streaming.effects import REJECTED_STEP
from tests.support.builders.streaming import a_thing_moved
from tests.support.streams import deliver, drain, relay_once


def _sample(name: str, **labels: str) -> float | None:
    return REGISTRY.get_sample_value(name, labels)


def _execute(statement: str, *values: Any) -> None:
    with connection.cursor() as cursor:
        cursor.execute(statement, values)


@pytest.mark.django_db
def test_the_scrape_tells_of_log_relay_letters_and_broker():
    outbox.record(a_thing_moved())
    deliver([a_thing_moved(step=REJECTED_STEP)], "tests.effects")

    text = generate_latest().decode()

    assert 'millrace_dead_letters{group="tests.effects",state="poison"} 1.0' in text
    assert 'millrace_parked_keys{cause="poison",group="tests.effects"} 1.0' in text
    assert "millrace_partition_days_left" in text
    assert "millrace_broker_up" in text
    assert "millrace_database_up 1.0" in text


@pytest.mark.django_db
def test_what_stands_still_is_told_with_its_place():
    _execute(
        'INSERT INTO streaming_offset ("group", topic, partition, next_offset, epoch, stopped_at, stop_reason)'
        " VALUES ('tests.effects', 'tests.things.v1', 2, 7, 1, now(), 'too many letters')"
    )
    _execute(
        'INSERT INTO streaming_group ("group", paused_at, paused_by, reason) VALUES (%s, now(), %s, %s)',
        *("tests.newest", "staff:1", "a look at it"),
    )
    _execute(
        "INSERT INTO streaming_held (topic, id, shard, error, held_at) VALUES ('tests.raw.v1', 1, 0, 'gone', %s)",
        clock.now() - timedelta(minutes=2),
    )
    _execute("INSERT INTO streaming_relay (name) VALUES ('relay:0-63') ON CONFLICT DO NOTHING")
    _execute("UPDATE streaming_relay SET refused_at = now(), refusal = 'another database', epoch = 3")

    stopped = {"group": "tests.effects", "topic": "tests.things.v1", "partition": "2"}
    assert _sample("millrace_stopped_partitions", **stopped) == 1
    assert _sample("millrace_paused_groups", group="tests.newest") == 1
    assert _sample("millrace_held_events", topic="tests.raw.v1") == 1
    assert _sample("millrace_held_seconds", topic="tests.raw.v1") == pytest.approx(120, abs=30)
    assert _sample("millrace_relay_refused", relay="relay:0-63") == 1
    assert _sample("millrace_relay_lease_changes_total", relay="relay:0-63") == 3


@pytest.mark.django_db(transaction=True)
def test_lag_is_told_in_records_and_seconds_of_each_partition():
    apply_topics()
    with transaction.atomic():
        outbox.record_many([a_thing_moved() for _ in range(30)])
    relay_once()

    place = {"group": "tests.effects", "topic": "tests.things.v1", "partition": "0"}
    assert (_sample("millrace_lag_records", **place) or 0) > 0
    assert (_sample("millrace_lag_seconds", **place) or 0) > 0
    drain("tests.effects")
    assert _sample("millrace_lag_records", **place) == 0


@pytest.mark.django_db(transaction=True)
def test_an_open_transaction_has_an_age():
    with transaction.atomic():
        outbox.record(a_thing_moved())
        assert (_sample("millrace_oldest_transaction_seconds") or 0) >= 0
    assert _sample("millrace_dead_tuples", table="streaming_relay") is not None


@pytest.mark.django_db(transaction=True)
def test_relay_and_consumers_count_what_goes_through_them():
    tallies.store()
    sent = _sample("millrace_events_sent_total") or 0
    with transaction.atomic():
        outbox.record_many([a_thing_moved() for _ in range(10)])
    relay_once()
    drain("tests.effects")
    tallies.store()

    assert _sample("millrace_events_sent_total") == sent + 10
    assert _sample("millrace_chunk_seconds_count") == _sample("millrace_chunk_seconds_bucket", le="+Inf")
    assert (_sample("millrace_window_events_sum") or 0) >= 10
    assert (_sample("millrace_batch_records_sum", group="tests.effects") or 0) >= 10
    assert (_sample("millrace_batch_seconds_count", group="tests.effects") or 0) >= 1


@pytest.mark.django_db
def test_without_the_database_the_scrape_says_so_and_nothing_else_of_the_flow(monkeypatch):
    monkeypatch.setattr(connection, "cursor", _fail)

    text = generate_latest().decode()

    assert "millrace_database_up 0.0" in text
    assert "millrace_relay" not in text


def _fail(*_args: object) -> None:
    raise OperationalError("the database is away")
