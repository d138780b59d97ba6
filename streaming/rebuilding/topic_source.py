"""The topics as a source: all that they hold, up to where the live group stands."""

from collections.abc import Iterator, Mapping, Sequence
from typing import TypeAlias

import psycopg
from confluent_kafka import Consumer, KafkaError, KafkaException, Message, TopicPartition
from psycopg.rows import TupleRow

from streaming import kafka
from streaming.consuming.arrivals import record_of
from streaming.consuming.offsets import Partition
from streaming.consuming.records import RawRecord
from streaming.consuming.registry import Group
from streaming.rebuilding.errors import RebuildRefused
from streaming.rebuilding.sources import BATCH, Portion, Progress, portions
from streaming.topics import topic_name, without_prefix

ANSWER_WITHIN_S = 30.0
"""How long the broker may keep a rebuild waiting."""

Place: TypeAlias = tuple[str, int, int]
"""Topic, partition and offset of one record."""


class TopicSource:
    """Reads each partition from its beginning to the offset that the live group has stored."""

    def __init__(self, group: Group, session: psycopg.Connection[TupleRow]) -> None:
        self._group = group
        self._session = session
        self._next: dict[Partition, int] = {}
        self._set_aside: list[RawRecord] = []
        self._consumer = kafka.new_consumer(f"{group.group_id}.rebuild", {"enable.partition.eof": True})
        try:
            self._refuse_what_is_gone()
        except Exception:
            self.close()
            raise

    def next_pass(self, progress: Progress) -> Iterator[Portion]:
        """Yield what the group has had by now and no earlier pass brought."""
        stands, given_up = self._stands(), self._letters()
        set_aside, self._set_aside = self._set_aside, []
        yield from portions(self._had(set_aside, given_up))
        due = {partition: end for partition, end in stands.items() if self._next.get(partition, 0) < end}
        done, total = 0, sum(end - self._next.get(partition, 0) for partition, end in due.items())
        for records in self._read(due):
            done += len(records)
            progress(done, total)
            yield from portions(self._had(records, given_up))
        self._next.update(due)
        progress(total, total)

    def close(self) -> None:
        """Close the consumer."""
        self._consumer.close()

    def _had(self, records: Sequence[RawRecord], given_up: Mapping[Place, bool]) -> Iterator[tuple[RawRecord, bool]]:
        for record in records:
            if given_up.get(_place(record)) is False:
                self._set_aside.append(record)
            else:
                yield record, _place(record) in given_up

    def _read(self, due: Mapping[Partition, int]) -> Iterator[list[RawRecord]]:
        """Yield the records before the given offsets; offsets have holes, so also the partition's end is an end."""
        if not due:
            return
        places = [
            TopicPartition(topic_name(topic), number, self._next.get((topic, number), 0)) for topic, number in due
        ]
        self._consumer.assign(places)
        self._consumer.resume(places)  # the client keeps a pause over an assignment.
        left = set(due)
        while left:
            records = []
            for message in self._messages():
                partition = (without_prefix(message.topic()), message.partition())
                if _is_end(message) or message.offset() >= due[partition] - 1:
                    self._leave(partition, left)
                if message.error() is None and message.offset() < due[partition]:
                    records.append(record_of(message))
            if records:
                yield records
        self._consumer.unassign()

    def _messages(self) -> Sequence[Message]:
        """Wait for one message, then take what has arrived beside it."""
        first = self._consumer.poll(ANSWER_WITHIN_S)
        if first is None:
            raise RebuildRefused(f"the broker gave nothing for {ANSWER_WITHIN_S:.0f} s")
        return [first, *self._consumer.consume(BATCH - 1, 0)]

    def _leave(self, partition: Partition, left: set[Partition]) -> None:
        if partition in left:
            left.discard(partition)
            self._consumer.pause([TopicPartition(topic_name(partition[0]), partition[1])])

    def _stands(self) -> Mapping[Partition, int]:
        rows = self._session.execute(_STANDS, [self._group.name, sorted(self._group.topics)]).fetchall()
        return {(topic, number): next_offset for topic, number, next_offset in rows}

    def _letters(self) -> Mapping[Place, bool]:
        """Return the records that were set aside and not applied since; of each, whether it was given up."""
        rows = self._session.execute(_UNAPPLIED, [self._group.name]).fetchall()
        return {(topic, number, offset): is_given_up for topic, number, offset, is_given_up in rows}

    def _refuse_what_is_gone(self) -> None:
        for (topic, number), end in self._stands().items():
            if end and (first := _first_offset(self._consumer, topic, number)):
                raise RebuildRefused(
                    f"{topic}/{number} holds nothing before the offset {first} any more: build it from the log"
                )


def _first_offset(consumer: Consumer, topic: str, number: int) -> int:
    place = TopicPartition(topic_name(topic), number)
    try:
        first, _ = consumer.get_watermark_offsets(place, timeout=ANSWER_WITHIN_S)
    except KafkaException as error:
        raise RebuildRefused(f"the broker does not say where {topic}/{number} begins: {error}") from error
    return int(first)


def _is_end(message: Message) -> bool:
    """Say whether a message is the mark of its partition's end."""
    error = message.error()
    if error is None:
        return False
    if error.code() == KafkaError._PARTITION_EOF:
        return True
    raise RebuildRefused(f"the topics cannot be read: {error}")


def _place(record: RawRecord) -> Place:
    return record.topic, record.partition, record.offset


_STANDS = 'SELECT topic, partition, next_offset FROM streaming_offset WHERE "group" = %s AND topic = ANY(%s)'

_UNAPPLIED = """
SELECT topic, partition, "offset", state = 'discarded' FROM streaming_dead_letter
WHERE "group" = %s AND state <> 'redriven'
"""
