"""Reads the core's raw topics and records what they say as canonical events."""

from collections.abc import Sequence

from bankcore.events import CDC_TOPICS, PAYMENT_STATUS_TOPIC
from bankcore.translators import translate
from streaming import outbox
from streaming.consumers import RawRecord, handles_raw


@handles_raw(CDC_TOPICS, group="bankcore.cdc")
def translate_rows(batch: Sequence[RawRecord]) -> None:
    """Record a canonical event for each changed row; a row that cannot be understood is a dead letter."""
    _record_all(batch)


@handles_raw((PAYMENT_STATUS_TOPIC,), group="bankcore.payment-status")
def translate_payment_statuses(batch: Sequence[RawRecord]) -> None:
    """Record each of the core's answers about a payment; a group of its own, so that history never delays it."""
    _record_all(batch)


def _record_all(batch: Sequence[RawRecord]) -> None:
    outbox.record_many([event for raw in batch for event in translate(topic=raw.topic, value=raw.value)])
