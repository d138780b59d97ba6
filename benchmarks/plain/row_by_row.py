"""A consumer as tutorials write it: one record, one transaction, one model instance."""

import time
from collections.abc import Callable, Mapping
from inspect import signature
from uuid import UUID

from confluent_kafka import Message, TopicPartition
from django.db import transaction

from accounts.models import Transaction
from accounts.ports import TransactionFields, document_renderer
from bankcore.events import TransactionChanged
from benchmarks.data import GROUP, TOPIC
from streaming import kafka
from streaming.models import InboxEntry, Offset
from streaming.topics import topic_name

_RENDERED = tuple(signature(TransactionFields).parameters)
_STORED = tuple(field.name for field in Transaction._meta.concrete_fields)


def consumer(*, begin: Mapping[str, int], rows: int) -> Callable[[], float]:
    """Be the consumer of a crew: each round, apply so many records from memory; returns the seconds it took."""
    messages = _read(begin, rows)

    def apply() -> float:
        started = time.monotonic()
        for message in messages:
            _apply(message)
        return time.monotonic() - started

    return apply


@transaction.atomic
def _apply(message: Message) -> None:
    """Apply one record once, keep the newest state, and store the offset: what our own runtime promises."""
    headers = dict(message.headers())
    _, is_new = InboxEntry.objects.get_or_create(event_id=UUID(headers["ce_id"].decode()), consumer="plain")
    if is_new:
        _keep(TransactionChanged.from_payload(message.value()))
    place = Offset.objects.filter(group=GROUP, topic=TOPIC, partition=message.partition())
    place.update(next_offset=message.offset() + 1)


def _keep(event: TransactionChanged) -> None:
    known = Transaction.objects.select_for_update().filter(id=event.transaction_id).first()
    if known is not None and known.source_version >= event.source_version:
        return
    documents = document_renderer().render_transaction(
        TransactionFields(**{name: getattr(event, name) for name in _RENDERED})
    )
    values = {name: getattr(event, name) for name in _STORED if hasattr(event, name)} | documents.as_columns()
    kept = known or Transaction(id=event.transaction_id)
    for name, value in {**values, "as_of": event.occurred_at}.items():
        setattr(kept, name, value)
    kept.save(force_insert=known is None)


def _read(begin: Mapping[str, int], rows: int) -> list[Message]:
    client = kafka.new_consumer(topic_name("benchmark"))
    try:
        client.assign([TopicPartition(topic_name(TOPIC), int(number), at) for number, at in begin.items()])
        found: list[Message] = []
        while len(found) < rows:
            found += [message for message in client.consume(rows - len(found), 1.0) if message.error() is None]
        return found
    finally:
        client.close()
