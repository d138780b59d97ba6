"""The event log and its consumers as tests use them: with the real runtime, with or without the broker."""

import threading
import time
from collections import defaultdict
from collections.abc import Iterable, Iterator, Sequence
from contextlib import contextmanager
from datetime import UTC, datetime
from typing import Any, TypeVar, overload
from uuid import UUID, uuid4

import psycopg
from confluent_kafka import KafkaException, TopicPartition
from django.db import connection
from msgspec.structs import replace
from psycopg.rows import TupleRow

from streaming import kafka
from streaming.broker_topics import apply_topics
from streaming.consuming import offsets
from streaming.consuming.applying import apply_batch
from streaming.consuming.arrivals import record_of
from streaming.consuming.records import RawRecord
from streaming.consuming.registry import Group, get_group
from streaming.consuming.runner import GroupRunner
from streaming.database import connect
from streaming.envelope import LOG_ROW_SQL, LogRow, headers_of
from streaming.events import Event, event_class
from streaming.relaying.loop import RelayLoop
from streaming.relaying.ranges import ranges
from streaming.topics import topic_name
from tests.support.waiting import WITHIN_S, wait_until

E = TypeVar("E", bound=Event)


@overload
def recorded_events(event_type: type[E], /) -> list[E]: ...


@overload
def recorded_events(*event_types: type[Event]) -> list[Event]: ...


def recorded_events(*event_types: Any) -> list[Any]:
    """Return what the log holds of these types (of all, if none is named), in the order of recording."""
    names = {each.name for each in event_types}
    return [event_class(row.type).from_payload(row.payload) for row in _log_rows() if not names or row.type in names]


def recorded_event_names() -> list[str]:
    """Return the types of all events in the log, in the order of recording."""
    return [row.type for row in _log_rows()]


def deliver(items: Iterable[Event | RawRecord], group: str) -> None:
    """
    Let a group's handlers apply events or records, without the broker but by the real runtime.

    They arrive on partition 0 of their topic, in the given order, as one batch. An event gets an id and a version
    here; the same event delivered twice is two events. A record keeps its headers: delivered twice, it is a duplicate.
    """
    chosen = get_group(group)
    records = [item if isinstance(item, RawRecord) else a_record_of(item) for item in items]
    _apply(chosen, records)


def deliver_log(group: str) -> None:
    """Let a group apply what the log holds of its topics; what it has had already, it drops as duplicates."""
    chosen = get_group(group)
    rows = [row for row in _log_rows() if row.topic in chosen.topics]
    _apply(chosen, [_record_of_row(row) for row in rows])


def a_record_of(event: Event, *, event_id: UUID | None = None, version: int | None = None, **changes: Any) -> RawRecord:
    """Return the record that the relay would make of an event; ``changes`` are made to the record."""
    aggregate = (event.aggregate_type, event.aggregate_id)
    if version is None:
        _versions[aggregate] += 1
        version = _versions[aggregate]
    row = LogRow(
        id=0,
        event_id=str(event_id or uuid4()),
        aggregate_id=event.aggregate_id,
        version=str(version),
        type=event.name,
        schema_version=event.schema_version,
        topic=event.topic,
        key=str(getattr(event, event.key)) if event.key else event.aggregate_id,
        payload=event.to_payload(),
        traceparent=None,
        correlation_id=None,
        causation_id=None,
        occurred_at=event.occurred_at.isoformat(),
    )
    return replace(_record_of_row(row), **changes)


def a_raw_record(*, topic: str, value: bytes, key: str | None = None, **changes: Any) -> RawRecord:
    """Return a record as somebody else than the relay would send it."""
    record = RawRecord(
        topic=topic, partition=0, offset=0, key=key, value=value, headers={}, timestamp=datetime.now(UTC)
    )
    return replace(record, **changes)


def relay_once() -> None:
    """Publish all of the log that is not on the broker yet, as the real relay does; make the topics if need be."""
    with running_relay():
        wait_until(is_all_sent, "the log was not published")


@contextmanager
def running_relay() -> Iterator[threading.Event]:
    """Run the relay of each range beside the test; the event ends them."""
    apply_topics()
    stop = threading.Event()
    loops = [threading.Thread(target=RelayLoop(shards, stop).run, daemon=True) for shards in ranges()]
    for loop in loops:
        loop.start()
    try:
        yield stop
    finally:
        stop.set()
        for loop in loops:
            loop.join(WITHIN_S)


def drain(*groups: str) -> None:
    """Let groups consume from the broker until nothing is left for them."""
    stop = threading.Event()
    runners = [threading.Thread(target=GroupRunner(get_group(name), stop).run, daemon=True) for name in groups]
    for runner in runners:
        runner.start()
    try:
        wait_until(lambda: all(_has_read_all(get_group(name)) for name in groups), "a group did not read all")
    finally:
        stop.set()
        for runner in runners:
            runner.join(WITHIN_S)


def is_all_sent() -> bool:
    """Say whether the relays' stored positions see every event that is committed by now, and none is held."""
    with connect() as session:
        return all(_is_sent(session, shards.name) for shards in ranges())


def published(topic: str) -> list[RawRecord]:
    """Return all that a topic holds, partition by partition."""
    consumer = kafka.new_consumer(f"{topic_name('tests')}.{uuid4()}", {"auto.offset.reset": "earliest"})
    try:
        places = _ends(consumer, topic)
        found: list[RawRecord] = []
        for number, end in places.items():
            if end:
                found += _read(consumer, topic, number, end)
        return found
    finally:
        consumer.close()


_versions: dict[tuple[str, str], int] = defaultdict(int)


def _apply(group: Group, records: Sequence[RawRecord]) -> None:
    places = sorted({(record.topic, 0) for record in records})
    claimed = offsets.claim(group.name, places)
    following = {place: next_offset for place, (next_offset, _) in claimed.items()}
    epochs = {place: epoch for place, (_, epoch) in claimed.items()}
    addressed = list(_addressed(records, following))
    if addressed:
        apply_batch(group, addressed, epochs)


def _addressed(records: Iterable[RawRecord], following: dict[tuple[str, int], int]) -> Iterator[RawRecord]:
    for record in records:
        place = (record.topic, 0)
        yield replace(record, partition=0, offset=following[place])
        following[place] += 1


def _log_rows() -> list[LogRow]:
    """Read the log through the test's own connection: it may be inside the test's transaction."""
    with connection.cursor() as cursor:
        cursor.execute(f"SELECT {LOG_ROW_SQL} FROM streaming_event ORDER BY id")
        return [LogRow(*row)._replace(payload=bytes(row[LogRow._fields.index("payload")])) for row in cursor.fetchall()]


def _record_of_row(row: LogRow) -> RawRecord:
    return RawRecord(
        topic=row.topic,
        partition=0,
        offset=0,
        key=row.key,
        value=row.payload,
        headers=dict(headers_of(row, epoch=0)),
        timestamp=datetime.now(UTC),
    )


def _is_sent(session: psycopg.Connection[TupleRow], name: str) -> bool:
    row = session.execute(
        "SELECT r.window_snap IS NULL AND NOT EXISTS (SELECT FROM streaming_event e"
        " WHERE NOT pg_visible_in_snapshot(e.txid, r.snap)) AND NOT EXISTS (SELECT FROM streaming_held)"
        " FROM streaming_relay r WHERE name = %s",
        [name],
    ).fetchone()
    return bool(row and row[0])


def _has_read_all(group: Group) -> bool:
    with connection.cursor() as cursor:
        cursor.execute('SELECT topic, partition, next_offset FROM streaming_offset WHERE "group" = %s', [group.name])
        stands = {(topic, number): next_offset for topic, number, next_offset in cursor.fetchall()}
    consumer = kafka.new_consumer(f"{topic_name('tests')}.ends")
    try:
        return all(
            stands.get((topic, number), 0) >= end
            for topic in group.topics
            for number, end in _ends(consumer, topic).items()
        )
    finally:
        consumer.close()


def _ends(consumer: Any, topic: str) -> dict[int, int]:
    """Return the end of each partition; a topic that was just made may not have its leaders yet."""
    until = time.monotonic() + WITHIN_S
    while True:
        try:
            partitions = consumer.list_topics(topic_name(topic), timeout=10).topics[topic_name(topic)].partitions
            return {
                number: consumer.get_watermark_offsets(TopicPartition(topic_name(topic), number), timeout=10)[1]
                for number in sorted(partitions)
            }
        except KafkaException:
            if time.monotonic() > until:
                raise


def _read(consumer: Any, topic: str, number: int, end: int) -> list[RawRecord]:
    consumer.assign([TopicPartition(topic_name(topic), number, 0)])
    found: list[RawRecord] = []
    until = time.monotonic() + WITHIN_S
    while not found or found[-1].offset < end - 1:
        assert time.monotonic() < until, f"{topic}/{number} could not be read to its end"
        found += [record_of(message) for message in consumer.consume(500, 0.2) if message.error() is None]
    return found
