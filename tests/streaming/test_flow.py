"""How far the groups are behind: in records and in time, partition by partition."""

from datetime import UTC, datetime, timedelta

import pytest
from django.db import connection, transaction

from streaming import outbox, topics
from streaming.consuming.registry import get_group
from streaming.flow import GroupLag, measure_lags
from streaming.topics import declare
from tests.streaming import effects  # noqa: F401 - declares the groups.
from tests.support.builders.streaming import a_thing_moved
from tests.support.streams import drain, published, relay_once

pytestmark = pytest.mark.django_db(transaction=True)


def _publish(count: int) -> None:
    with transaction.atomic():
        outbox.record_many([a_thing_moved() for _ in range(count)])
    relay_once()


def _lag_of(group: str) -> GroupLag:
    return next(lag for lag in measure_lags() if lag.group == group)


def _stand(group: str, *, topic: str, partition: int, next_offset: int) -> None:
    with connection.cursor() as cursor:
        cursor.execute(
            "INSERT INTO streaming_offset VALUES (%s, %s, %s, %s, 1)", [group, topic, partition, next_offset]
        )


def test_each_partition_tells_how_many_records_wait_and_since_when():
    _publish(20)

    lag = _lag_of("tests.effects")

    per_partition = dict.fromkeys(range(3), 0)
    for record in published("tests.things.v1"):
        per_partition[record.partition] += 1
    waiting = {each.partition: each.records for each in lag.partitions if each.topic == "tests.things.v1"}
    assert waiting.items() >= {number: count for number, count in per_partition.items() if count}.items()
    assert lag.oldest_at is not None
    assert datetime.now(UTC) - lag.oldest_at < timedelta(minutes=10)


def test_a_group_that_has_read_all_has_no_lag_and_no_age():
    _publish(3)
    drain("tests.effects")

    lag = _lag_of("tests.effects")

    assert lag.records == 0
    assert lag.oldest_at is None


def test_two_groups_at_different_places_of_a_partition_have_ages_of_their_own():
    _publish(1)
    _publish(1)
    records = published("tests.things.v1")
    partition = records[-1].partition
    front, behind = [record for record in records if record.partition == partition][-1], records[0]
    _stand("tests.effects", topic="tests.things.v1", partition=partition, next_offset=front.offset)

    times = {
        group: {(each.topic, each.partition): each.oldest_at for each in _lag_of(group).partitions}
        for group in ("tests.effects", "tests.newest")
    }

    assert times["tests.effects"]["tests.things.v1", partition] == front.timestamp
    assert times["tests.newest"]["tests.things.v1", behind.partition] == behind.timestamp


def test_a_topic_that_the_broker_does_not_have_is_named_and_the_others_are_measured():
    _publish(5)
    declare("tests.nowhere.v1", partitions=2, retention_days=1, owner="tests")
    get_group("tests.raw").topics.add("tests.nowhere.v1")
    try:
        lags = {lag.group: lag for lag in measure_lags()}
    finally:
        get_group("tests.raw").topics.discard("tests.nowhere.v1")
        topics._declared.pop("tests.nowhere.v1")

    assert lags["tests.raw"].missing == ["tests.nowhere.v1"]
    assert {part.topic for part in lags["tests.raw"].partitions} == {"tests.raw.v1"}
    assert lags["tests.effects"].missing == []


def test_a_topic_that_a_group_reads_no_more_is_neither_behind_nor_missed():
    _publish(1)
    _stand("tests.raw", topic="tests.things.v1", partition=0, next_offset=0)
    _stand("tests.raw", topic="tests.gone.v1", partition=0, next_offset=7)

    lag = _lag_of("tests.raw")

    assert {part.topic for part in lag.partitions} == {"tests.raw.v1"}
    assert lag.missing == []
