"""What brokers answer when they are not well, played by a mock of three: the relay loses and reorders nothing."""

from collections.abc import Iterator
from pathlib import Path

import pytest
from confluent_kafka import KafkaError

from openbanking.services.service_set import ServiceSet
from tests.faults.mock_broker import MockCluster, running_cluster
from tests.faults.oracle import judge
from tests.faults.purses import PARTITIONS, PURSES
from tests.faults.timing import pause
from tests.faults.world import World, running_world

BROKERS = (1, 2, 3)


@pytest.fixture
def cluster() -> Iterator[MockCluster]:
    """Three brokers."""
    with running_cluster(len(BROKERS)) as cluster:
        yield cluster


@pytest.fixture
def world(ground: ServiceSet, cluster: MockCluster, tmp_path: Path) -> Iterator[World]:
    """A world whose broker is the mock."""
    ground.up()
    elsewhere = {"kafka_bootstrap_servers": cluster.bootstrap}

    def make_topic(name: str) -> None:
        cluster.make_topic(name, partitions=PARTITIONS, replicas=len(BROKERS))

    with running_world(tmp_path, ground, elsewhere=elsewhere, make_topic=make_topic) as world:
        yield world


@pytest.mark.parametrize(
    "error",
    [
        KafkaError.NOT_LEADER_FOR_PARTITION,
        KafkaError.REQUEST_TIMED_OUT,
        KafkaError.NOT_ENOUGH_REPLICAS,
        KafkaError.NOT_ENOUGH_REPLICAS_AFTER_APPEND,
        KafkaError.LEADER_NOT_AVAILABLE,
        KafkaError.COORDINATOR_LOAD_IN_PROGRESS,
    ],
)
def test_errors_that_pass_by_themselves_lose_and_reorder_nothing(world, cluster, seed, error):
    start_all(world, seed)
    for _ in range(4):
        pause(0.5)
        cluster.answer_produce_with([error] * 5)
    demand_all_on_topic(world)


def test_an_answer_that_is_lost_after_the_records_were_kept_loses_and_reorders_nothing(world, cluster, seed):
    start_all(world, seed)
    for _ in range(3):
        pause(1)
        for broker in BROKERS:
            cluster.delay_produce(broker, errors=[(KafkaError._TRANSPORT, 50)])
    demand_all_on_topic(world)


def test_a_broker_that_comes_and_goes_loses_and_reorders_nothing(world, cluster, seed, chance):
    start_all(world, seed)
    for _ in range(10):
        broker = chance.choice(BROKERS)
        cluster.set_down(broker)
        pause(0.2 + chance.random())
        cluster.set_up(broker)
        pause(0.5 * chance.random())
    demand_all_on_topic(world)


def test_leaders_that_move_lose_and_reorder_nothing(world, cluster, seed, chance):
    start_all(world, seed)
    for _ in range(20):
        cluster.lead(world.prefix + PURSES, chance.randrange(PARTITIONS), chance.choice(BROKERS))
        pause(0.3)
    demand_all_on_topic(world)


def test_a_round_trip_of_two_seconds_loses_and_reorders_nothing(world, cluster, seed):
    start_all(world, seed)
    pause(1)
    for broker in BROKERS:
        cluster.set_round_trip(broker, 2000)
    pause(8)
    for broker in BROKERS:
        cluster.set_round_trip(broker, 0)
    demand_all_on_topic(world)


def test_the_producer_whose_epoch_is_fenced_is_replaced_and_loses_and_reorders_nothing(world, cluster, seed):
    start_all(world, seed)
    for _ in range(2):
        pause(1.5)
        cluster.answer_produce_with([KafkaError.INVALID_PRODUCER_EPOCH])
    pause(1)
    cluster.answer_produce_with([KafkaError.OUT_OF_ORDER_SEQUENCE_NUMBER])
    demand_all_on_topic(world)


def start_all(world, seed):
    world.start_relay(FAULTS_ONE_IN_FLIGHT="1")
    world.start_relay("other relay", FAULTS_ONE_IN_FLIGHT="1")
    world.start_writer(seed=seed)


def demand_all_on_topic(world):
    """The mock has no groups that could be trusted: what counts is the topic."""
    world.end("writer")
    assert judge(world, groups=()) > 0
