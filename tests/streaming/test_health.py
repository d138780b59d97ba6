"""``/healthz/flow`` names the part that does not do its work, and in what way."""

from datetime import datetime, timedelta
from typing import Any

import pytest
from django.db import connection, transaction

from kernel import clock
from streaming import health, outbox
from streaming.broker_topics import apply_topics
from streaming.flow import measure_lags
from tests.streaming import effects  # noqa: F401 - declares groups.
from tests.support.builders.streaming import a_thing_moved
from tests.support.streams import relay_once

pytestmark = pytest.mark.django_db(transaction=True)


@pytest.fixture(autouse=True)
def _topics(transactional_db):
    apply_topics()


def _execute(statement: str, *values: Any) -> None:
    with connection.cursor() as cursor:
        cursor.execute(statement, values)


def _findings(part: str, now: datetime | None = None) -> list[str]:
    return [finding.detail for finding in health.flow(now or clock.now()) if finding.part == part]


def test_a_relay_that_refuses_is_named_with_its_reason():
    relay_once()
    _execute("UPDATE streaming_relay SET refused_at = now(), refusal = 'the log is of another database'")
    try:
        assert "refuses to publish: the log is of another database" in _findings("relay:0-63")
    finally:
        _execute("UPDATE streaming_relay SET refused_at = NULL, refusal = NULL")


def test_events_that_no_relay_sends_are_named_by_their_age():
    with transaction.atomic():
        outbox.record(a_thing_moved())

    assert "no relay runs" in _findings("relay:0-63")
    assert any("oldest unsent event" in each for each in _findings("relay:0-63", clock.now() + timedelta(minutes=1)))


def test_a_held_topic_is_named_with_what_is_wrong():
    _execute("INSERT INTO streaming_held (topic, id, shard, error) VALUES ('tests.raw.v1', 1, 0, 'no such topic')")

    (detail,) = _findings("topic tests.raw.v1")
    assert detail.startswith("1 events have been held for")
    assert detail.endswith("no such topic")


def test_a_group_that_lags_is_named_only_past_the_objective():
    with transaction.atomic():
        outbox.record(a_thing_moved())
    relay_once()

    (lag,) = measure_lags(["tests.effects"])
    assert lag.oldest_at is not None

    assert _findings("group tests.effects", lag.oldest_at + timedelta(seconds=29)) == []
    assert "behind" in _findings("group tests.effects", lag.oldest_at + timedelta(seconds=31))[0]


def test_a_stopped_partition_and_a_paused_group_are_named():
    _execute(
        'INSERT INTO streaming_offset ("group", topic, partition, next_offset, epoch, stopped_at, stop_reason)'
        " VALUES ('tests.newest', 'tests.things.v1', 2, 7, 1, now(), 'too many letters')"
    )
    _execute(
        'INSERT INTO streaming_group ("group", paused_at, paused_by, reason) VALUES (%s, now(), %s, %s)',
        *("tests.outputs", "staff:1", "a look at it"),
    )

    assert any(each.startswith("stopped at tests.things.v1/2 for") for each in _findings("group tests.newest"))
    assert any(each.endswith("s: a look at it") for each in _findings("group tests.outputs"))


@pytest.mark.parametrize(("waited_s", "is_named"), [(59, False), (61, True)])
def test_a_missing_version_is_named_after_a_minute(waited_s, is_named):
    now = clock.now()
    _execute(
        "INSERT INTO streaming_parked_key VALUES ('tests.newest', 'tests.things.v1', 'k', 'gap', %s)",
        now - timedelta(seconds=waited_s),
    )

    assert any("missing version" in each for each in _findings("group tests.newest", now)) is is_named


def test_a_broker_that_does_not_answer_is_named_and_the_rest_is_still_told(settings):
    settings.KAFKA_BOOTSTRAP_SERVERS = "127.0.0.1:9"
    _execute("INSERT INTO streaming_held (topic, id, shard, error) VALUES ('tests.raw.v1', 1, 0, 'gone')")

    assert _findings("broker")[0].startswith("does not answer")
    assert _findings("topic tests.raw.v1")
