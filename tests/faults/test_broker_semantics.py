"""What the broker may do to readers: transactions that end badly or not at all, and records that are gone."""

import pickle
import subprocess
import sys
from uuid import uuid4

import pytest
from confluent_kafka import Producer, TopicPartition
from confluent_kafka.admin import AdminClient

from tests.faults import broker
from tests.faults.broker import Record
from tests.faults.oracle import judge
from tests.faults.purses import ADDING, PARTITIONS, PURSES, SUMMING
from tests.faults.timing import pause, wait_until


def test_records_of_an_aborted_transaction_are_never_applied(world, seed):
    start_all(world)
    world.write(seed=seed, seconds=1)
    judge(world)
    records = broker.read_topic(world.bootstrap, world.prefix + PURSES)
    intruder = begin_transaction(world, [forged(record) for record in records[:50]])
    intruder.abort_transaction()
    world.write(seed=seed + 1, seconds=1)

    assert judge(world) > 0


def test_a_transaction_that_hangs_delays_what_lies_behind_it_and_loses_nothing(world, seed):
    start_all(world)
    world.write(seed=seed, seconds=1)
    judge(world)
    records = broker.read_topic(world.bootstrap, world.prefix + PURSES)
    # Of a process that died: the broker ends the transaction itself when its time is over.
    leave_hanging(world, [forged(record) for record in records[:20]])
    world.write(seed=seed + 1, seconds=1)

    assert judge(world) > 0


def test_two_producers_of_one_transactional_id_cannot_both_write(world, seed):
    start_all(world)
    world.write(seed=seed, seconds=1)
    judge(world)
    records = broker.read_topic(world.bootstrap, world.prefix + PURSES)
    zombie = begin_transaction(world, [forged(record) for record in records[:20]])
    heir = begin_transaction(world, [])
    heir.commit_transaction()
    with pytest.raises(Exception, match=r"(?i)fenced|invalid producer epoch|epoch"):
        zombie.commit_transaction()

    assert judge(world) > 0


@pytest.mark.faults
def test_a_group_that_retention_has_overtaken_stops_and_skips_nothing(world, seed):
    world.start_relay()
    world.write(seed=seed, seconds=1)
    changes = sum(map(len, world.account().done.values()))
    wait_until(lambda: published(world) >= changes, "not all was published")
    world.start_consumers(groups=[ADDING])
    wait_until(lambda: sightings(world) >= changes, "not all was applied")
    world.end("consumers")
    world.write(seed=seed + 1, seconds=1)
    total = sum(map(len, world.account().done.values()))
    wait_until(lambda: published(world) >= total, "not all was published")
    forget(world)
    world.write(seed=seed + 2, seconds=1)
    world.start_consumers(groups=[ADDING])

    wait_until(lambda: stopped(world) == PARTITIONS, "the group did not stop")
    pause(2)
    world.demand_life()
    assert sightings(world) == changes, "it skipped what is gone, and went on"


def test_a_view_that_retention_has_overtaken_is_built_anew_from_the_log(world, seed):
    world.start_relay()
    world.start_consumers(groups=[SUMMING])
    world.write(seed=seed, seconds=2)
    wait_until(lambda: sums(world) == balances(world), "not all was applied")
    world.end("consumers")
    forget(world)
    world.rows("DELETE FROM tests_sum")

    world.manage("consume", "--rebuild", SUMMING, "--from", "log", "--yes")

    assert sums(world) == balances(world)
    world.start_consumers(groups=[SUMMING])
    world.write(seed=seed + 1, seconds=1)
    wait_until(lambda: sums(world) == balances(world), "what came later was not applied")


def test_a_view_is_built_anew_from_the_topics_while_traffic_flows_and_is_the_same(world, seed):
    world.start_relay()
    world.start_consumers(groups=[SUMMING])
    world.start_writer(seed=seed)
    wait_until(lambda: sums(world), "nothing was applied")
    pause(2)

    for source in ("topics", "log"):
        world.manage("consume", "--rebuild", SUMMING, "--from", source, "--yes")

    world.end("writer")
    wait_until(lambda: sums(world) == balances(world), "views and business differ")


def sums(world):
    return world.rows("SELECT * FROM tests_sum ORDER BY 1")


def balances(world):
    return world.rows("SELECT * FROM tests_purse ORDER BY 1")


def forged(record):
    """The same change once more, as an event that nobody recorded."""
    version = str(record.version + 1_000_000)
    return Record(
        partition=record.partition,
        offset=0,
        key=record.key,
        value=record.value,
        headers={**record.headers, "ce_id": str(uuid4()), "aggregate-version": version},
    )


def begin_transaction(world, records):
    """Write records in a transaction that stays open."""
    producer = Producer(
        {
            "bootstrap.servers": world.bootstrap,
            "transactional.id": f"{world.prefix}intruder",
            "transaction.timeout.ms": 10_000,
            "log_level": 0,
        }
    )
    producer.init_transactions(30)
    producer.begin_transaction()
    for record in records:
        producer.produce(
            world.prefix + PURSES,
            record.value,
            record.key,
            partition=record.partition,
            headers=list(record.headers.items()),
        )
    producer.flush(30)
    return producer


HANG = """
import pickle, os, sys
from confluent_kafka import Producer
bootstrap, name, records = pickle.load(sys.stdin.buffer)
producer = Producer({"bootstrap.servers": bootstrap, "transactional.id": name + "hanging",
    "transaction.timeout.ms": 8000, "log_level": 0})
producer.init_transactions(30)
producer.begin_transaction()
for partition, key, value, headers in records:
    producer.produce(name, value, key, partition=partition, headers=headers)
assert producer.flush(30) == 0
os._exit(0)
"""


def leave_hanging(world, records):
    """Begin a transaction in a process that dies of it."""
    given = [(each.partition, each.key, each.value, list(each.headers.items())) for each in records]
    subprocess.run(
        [sys.executable, "-c", HANG],
        input=pickle.dumps((world.bootstrap, world.prefix + PURSES, given)),
        check=True,
        timeout=60,
    )


def forget(world):
    """Let the broker delete all that the topic holds by now, as retention would."""
    admin = AdminClient({"bootstrap.servers": world.bootstrap, "log_level": 0})
    ends = broker.ends(world.bootstrap, world.prefix + PURSES)
    places = [TopicPartition(world.prefix + PURSES, number, end) for number, end in ends.items()]
    for deleted in admin.delete_records(places, request_timeout=30).values():
        deleted.result()


def start_all(world):
    world.start_consumers()
    world.start_relay()


def published(world):
    return sum(broker.ends(world.bootstrap, world.prefix + PURSES).values())


def sightings(world):
    return world.value("SELECT count(*) FROM tests_sighting")


def stopped(world):
    return world.value("SELECT count(*) FROM streaming_offset WHERE stopped_at IS NOT NULL")
