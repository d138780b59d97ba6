"""
A cluster of several brokers that refuses, forgets and dawdles on demand: librdkafka's own mock, driven by ctypes.

It is for errors that a healthy broker does not make. It has no compaction, no transactions, no disk.
"""

import ctypes
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from functools import cache
from pathlib import Path

import confluent_kafka

PRODUCE = 0
"""The number of this request in Kafka's protocol."""


class MockCluster:
    """Brokers inside this process, reached through real sockets on the loopback."""

    def __init__(self, brokers: int) -> None:
        self._library = _library()
        self._client = self._library.rd_kafka_new(0, None, ctypes.create_string_buffer(512), 512)
        self._cluster = self._library.rd_kafka_mock_cluster_new(self._client, brokers)
        self.bootstrap: str = self._library.rd_kafka_mock_cluster_bootstraps(self._cluster).decode()

    def make_topic(self, name: str, *, partitions: int, replicas: int) -> None:
        """Make a topic, its partitions led by the brokers in turn."""
        assert self._library.rd_kafka_mock_topic_create(self._cluster, name.encode(), partitions, replicas) == 0

    def answer_produce_with(self, errors: Sequence[int]) -> None:
        """Answer the next requests to produce with these error codes, one each."""
        codes = (ctypes.c_int * len(errors))(*errors)
        self._library.rd_kafka_mock_push_request_errors_array(self._cluster, PRODUCE, len(errors), codes)

    def delay_produce(self, broker: int, *, errors: Sequence[tuple[int, int]]) -> None:
        """Let one broker answer the next requests to produce with an error code (0: none) after some milliseconds."""
        pairs = [number for pair in errors for number in pair]
        self._library.rd_kafka_mock_broker_push_request_error_rtts(
            self._cluster, broker, ctypes.c_int16(PRODUCE), ctypes.c_size_t(len(errors)), *map(ctypes.c_int, pairs)
        )

    def set_down(self, broker: int) -> None:
        """Let a broker cut its connections and take no new ones."""
        self._library.rd_kafka_mock_broker_set_down(self._cluster, broker)

    def set_up(self, broker: int) -> None:
        """Let it come back."""
        self._library.rd_kafka_mock_broker_set_up(self._cluster, broker)

    def set_round_trip(self, broker: int, milliseconds: int) -> None:
        """Let everything that a broker answers take so long."""
        self._library.rd_kafka_mock_broker_set_rtt(self._cluster, broker, milliseconds)

    def lead(self, topic: str, partition: int, broker: int) -> None:
        """Make a broker the leader of a partition."""
        self._library.rd_kafka_mock_partition_set_leader(self._cluster, topic.encode(), partition, broker)

    def close(self) -> None:
        """End the brokers."""
        self._library.rd_kafka_mock_cluster_destroy(self._cluster)
        self._library.rd_kafka_destroy(self._client)


@contextmanager
def running_cluster(brokers: int = 3) -> Iterator[MockCluster]:
    """Run a cluster for a while."""
    cluster = MockCluster(brokers)
    try:
        yield cluster
    finally:
        cluster.close()


@cache
def _library() -> ctypes.CDLL:
    """Load the very library that the Python client uses."""
    folder = Path(confluent_kafka.__file__).parents[1] / "confluent_kafka.libs"
    library = ctypes.CDLL(str(next(folder.glob("librdkafka-*.so*"))))
    library.rd_kafka_new.restype = ctypes.c_void_p
    library.rd_kafka_new.argtypes = [ctypes.c_int, ctypes.c_void_p, ctypes.c_char_p, ctypes.c_size_t]
    library.rd_kafka_destroy.argtypes = [ctypes.c_void_p]
    library.rd_kafka_mock_cluster_new.restype = ctypes.c_void_p
    library.rd_kafka_mock_cluster_new.argtypes = [ctypes.c_void_p, ctypes.c_int]
    library.rd_kafka_mock_cluster_destroy.argtypes = [ctypes.c_void_p]
    library.rd_kafka_mock_cluster_bootstraps.restype = ctypes.c_char_p
    library.rd_kafka_mock_cluster_bootstraps.argtypes = [ctypes.c_void_p]
    library.rd_kafka_mock_topic_create.argtypes = [ctypes.c_void_p, ctypes.c_char_p, ctypes.c_int, ctypes.c_int]
    library.rd_kafka_mock_push_request_errors_array.argtypes = [
        ctypes.c_void_p,
        ctypes.c_int16,
        ctypes.c_size_t,
        ctypes.c_void_p,
    ]
    library.rd_kafka_mock_broker_push_request_error_rtts.argtypes = [
        ctypes.c_void_p,
        ctypes.c_int32,
        ctypes.c_int16,
        ctypes.c_size_t,
    ]
    for name in ("set_down", "set_up"):
        getattr(library, f"rd_kafka_mock_broker_{name}").argtypes = [ctypes.c_void_p, ctypes.c_int32]
    library.rd_kafka_mock_broker_set_rtt.argtypes = [ctypes.c_void_p, ctypes.c_int32, ctypes.c_int]
    library.rd_kafka_mock_partition_set_leader.argtypes = [
        ctypes.c_void_p,
        ctypes.c_char_p,
        ctypes.c_int32,
        ctypes.c_int32,
    ]
    return library
