"""The fastest way to the broker: messages that lie ready, handed to the client, with a callback for each delivery."""

import time
from collections.abc import Callable

from confluent_kafka import KafkaError, Message, Producer
from psycopg.rows import args_row

from streaming import kafka
from streaming.database import connect
from streaming.envelope import LOG_ROW_SQL, Headers, LogRow, headers_of
from streaming.topics import topic_name

POLL_EVERY = 1_000

Ready = list[tuple[str, str, bytes, Headers]]


def producer(*, after_id: int, events: int) -> Callable[[], float]:
    """Be the producer of a crew: each round, produce what the log holds after an id; returns the seconds it took."""
    with connect() as connection, connection.cursor(binary=True, row_factory=args_row(LogRow)) as cursor:
        cursor.execute(
            f"SELECT {LOG_ROW_SQL} FROM streaming_event WHERE id > %s ORDER BY id LIMIT %s", [after_id, events]
        )
        ready: Ready = [
            (topic_name(row.topic), row.key, row.payload, headers_of(row, epoch=1)) for row in cursor.fetchall()
        ]
    assert len(ready) == events, "the log does not hold what is to be produced"
    client = kafka.new_producer()
    _produce_all(client, ready[:1])  # to meet the broker is no part of producing.

    def produce() -> float:
        started = time.monotonic()
        _produce_all(client, ready)
        return time.monotonic() - started

    return produce


def _produce_all(client: Producer, ready: Ready) -> None:
    arrived = 0

    def delivered(error: KafkaError | None, _message: Message) -> None:
        nonlocal arrived
        assert error is None, error
        arrived += 1

    for number, (topic, key, value, headers) in enumerate(ready):
        while True:
            try:
                client.produce(topic, value, key, headers=headers, on_delivery=delivered)
                break
            except BufferError:
                client.poll(0.1)
        if number % POLL_EVERY == 0:
            client.poll(0)
    while arrived < len(ready):
        client.poll(0.1)
