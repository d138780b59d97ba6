"""What the topics hold of our own events since a moment, and which of it the log lacks."""

from collections.abc import Callable, Iterator, Sequence
from datetime import datetime
from typing import NamedTuple
from uuid import UUID

import psycopg
from confluent_kafka import OFFSET_END, Consumer, KafkaError, KafkaException, Message, TopicPartition
from psycopg.rows import TupleRow

from streaming import kafka
from streaming.database import connect
from streaming.envelope import aggregate_in, decode_headers, event_source
from streaming.events import event_class, event_types, is_known
from streaming.topics import topic_name, without_prefix

RECORDS_AT_ONCE = 2000


class TailUnread(Exception):
    """The topics could not be read to their ends: it was asked to stop."""


class PublishedEvent(NamedTuple):
    """An event as a topic tells of it; the aggregate's type is unknown if the event's is."""

    event_id: str
    type: str
    aggregate_type: str | None
    aggregate_id: str
    version: int
    topic: str
    partition: int
    offset: int


def find_lost(since: datetime, *, is_over: Callable[[], bool]) -> Sequence[PublishedEvent]:
    """
    Return the events that were published since a moment by the broker's time, and are not in the log.

    :raises KafkaException: if the broker does not answer.
    :raises TailUnread: if ``is_over`` said so.
    """
    with connect() as connection:
        return [event for events in published_since(since, is_over=is_over) for event in _lost(connection, events)]


def ahead_of_log(
    connection: psycopg.Connection[TupleRow], events: Sequence[PublishedEvent]
) -> Sequence[PublishedEvent]:
    """Return those events whose aggregate has not come as far in the log: what merely resembles an old one is none."""
    rows = [(event.event_id, event.aggregate_type, event.aggregate_id, event.version) for event in events]
    found = connection.execute(_AHEAD, [list(column) for column in zip(*rows, strict=True)] or [[]] * 4).fetchall()
    ahead = {event_id for (event_id,) in found}
    return [event for event in events if event.event_id in ahead]


def published_since(since: datetime, *, is_over: Callable[[], bool]) -> Iterator[Sequence[PublishedEvent]]:
    """
    Yield our own events on all topics since a moment by the broker's time, up to the topics' present ends.

    :raises KafkaException: if the broker does not answer.
    :raises TailUnread: if ``is_over`` said so.
    """
    # Whatever is there counts, also what a hanging transaction keeps from consumers.
    source = event_source().encode()
    consumer = kafka.new_consumer(
        topic_name("relay-check"), {"isolation.level": "read_uncommitted", "enable.partition.eof": True}
    )
    try:
        places = _places(consumer, since)
        consumer.assign(places)
        unread = {(place.topic, place.partition) for place in places}
        while unread:
            if is_over():
                raise TailUnread
            records = []
            for message in consumer.consume(RECORDS_AT_ONCE, 0.2):
                error = message.error()
                if error is None:
                    records.append(message)
                elif error.code() == KafkaError._PARTITION_EOF:
                    unread.discard((message.topic(), message.partition()))
                else:
                    raise KafkaException(error)
            yield [event for record in records if (event := _event(record, source)) is not None]
    finally:
        consumer.close()


def _places(consumer: Consumer, since: datetime) -> Sequence[TopicPartition]:
    """Find where to begin in each partition that has had something since then."""
    topics = consumer.list_topics(timeout=kafka.ANSWER_WITHIN_S).topics
    names = {topic_name(event_type.topic) for event_type in event_types()} & topics.keys()
    asked = [
        TopicPartition(name, number, int(since.timestamp() * 1000))
        for name in sorted(names)
        for number in topics[name].partitions
    ]
    places = consumer.offsets_for_times(asked, timeout=kafka.ANSWER_WITHIN_S) if asked else []
    for place in places:
        if place.error is not None:
            raise KafkaException(place.error)
    return [place for place in places if place.offset != OFFSET_END]


def _event(record: Message, source: bytes) -> PublishedEvent | None:
    if dict(record.headers() or ()).get("ce_source") != source:
        return None
    headers = decode_headers(record.headers())
    try:
        type_name = headers["ce_type"]
        aggregate_id, version = aggregate_in(headers)
        return PublishedEvent(
            event_id=str(UUID(headers["ce_id"])),
            type=type_name,
            aggregate_type=event_class(type_name).aggregate_type if is_known(type_name) else None,
            aggregate_id=aggregate_id,
            version=version,
            topic=without_prefix(record.topic()),
            partition=record.partition(),
            offset=record.offset(),
        )
    except (KeyError, ValueError):
        return None  # not sent by the relay, whatever it says of itself.


def _lost(connection: psycopg.Connection[TupleRow], events: Sequence[PublishedEvent]) -> Sequence[PublishedEvent]:
    if not events:
        return []
    found = connection.execute(_MISSING, [[event.event_id for event in events]]).fetchall()
    missing = {event_id for (event_id,) in found}
    return [event for event in events if event.event_id in missing]


_MISSING = """
SELECT published.event_id::text FROM unnest(%s::uuid[]) AS published(event_id)
WHERE NOT EXISTS (SELECT FROM streaming_event e WHERE e.event_id = published.event_id)
"""

_AHEAD = """
SELECT event_id::text
FROM unnest(%s::uuid[], %s::text[], %s::text[], %s::bigint[])
    AS published(event_id, aggregate_type, aggregate_id, version)
LEFT JOIN streaming_stream AS head USING (aggregate_type, aggregate_id)
WHERE published.version > coalesce(head.version, 0)
"""
