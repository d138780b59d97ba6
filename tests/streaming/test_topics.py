"""Topics: declared in one place, made on the broker, never quietly different."""

import pytest
from confluent_kafka.admin import NewTopic

from streaming import kafka, topics
from streaming.broker_topics import apply_topics, topic_differences
from streaming.checks import groups_read_declared_topics, topics_outlive_a_broker
from tests.support.waiting import wait_until

LATE = topics.topic_name("tests.late.v1")


def test_a_topic_is_declared_twice_only_if_it_is_the_same():
    topics.declare("tests.things.v1", partitions=3, retention_days=1, owner="tests")
    with pytest.raises(ValueError, match="differently"):
        topics.declare("tests.things.v1", partitions=4, retention_days=1, owner="tests")


def test_what_is_declared_is_made_and_nothing_differs_then():
    apply_topics()
    wait_until(lambda: topic_differences() == [], "topics still differ")
    assert apply_topics() == []


def test_a_topic_that_somebody_made_otherwise_is_told_and_its_settings_are_corrected(monkeypatch):
    monkeypatch.setattr(topics, "_declared", {})
    topics.declare("tests.late.v1", partitions=2, retention_days=1, owner="tests")
    assert topic_differences() == [f"{LATE}: missing"]
    admin = kafka.new_admin()
    made = admin.create_topics([NewTopic(LATE, num_partitions=1, replication_factor=1)])
    made[LATE].result()

    wait_until(lambda: len(topic_differences()) > 1, "the differences are not seen")
    apply_topics()

    wait_until(
        lambda: topic_differences() == [f"{LATE}: has 1 partitions instead of 2"], "the settings are not corrected"
    )


def test_a_topic_with_too_few_replicas_is_told(monkeypatch, settings):
    apply_topics()
    wait_until(lambda: topic_differences() == [], "topics still differ")
    monkeypatch.setattr(topics, "_declared", {})
    topics.declare("tests.things.v1", partitions=3, retention_days=1, owner="tests")
    settings.KAFKA_REPLICATION_FACTOR = 3

    things = topics.topic_name("tests.things.v1")
    assert topic_differences() == [
        f"{things}: has 1 replicas instead of 3",
        f"{things}: min.insync.replicas is 1 instead of 2",
    ]


@pytest.mark.parametrize(("replicas", "warnings"), [(1, ["streaming.W001"]), (3, [])])
def test_a_deployment_is_warned_of_topics_that_do_not_outlive_a_broker(replicas, warnings, settings):
    settings.KAFKA_REPLICATION_FACTOR = replicas
    assert [warning.id for warning in topics_outlive_a_broker()] == warnings


def test_a_group_of_a_topic_that_nobody_declares_is_an_error(monkeypatch):
    assert "streaming.E003" not in {error.id for error in groups_read_declared_topics() if "tests." not in error.msg}

    monkeypatch.delitem(topics._declared, "consent.events.v1")

    (error,) = [error for error in groups_read_declared_topics() if "webhooks.fan-out" in error.msg]
    assert (error.id, "consent.events.v1" in error.msg) == ("streaming.E003", True)
