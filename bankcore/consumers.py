"""Reads the core's raw topics and records what they say as canonical events."""

from collections.abc import Callable, Sequence

from bankcore.events import PAYMENT_STATUS_TOPIC
from bankcore.ports import accounts_feed
from bankcore.translators import translate
from streaming import outbox
from streaming.consumers import RawRecord, handles_raw
from streaming.events import Event

FEED = accounts_feed()


@handles_raw(FEED.topics(), group="bankcore.cdc")
def translate_rows(batch: Sequence[RawRecord]) -> None:
    """Record what each changed row says; a row that cannot be understood is a dead letter."""
    _record_all(batch, FEED.translate)


@handles_raw((PAYMENT_STATUS_TOPIC,), group="bankcore.payment-status")
def translate_payment_statuses(batch: Sequence[RawRecord]) -> None:
    """Record each of the core's answers about a payment; a group of its own, so that history never delays it."""
    _record_all(batch, translate)


def _record_all(batch: Sequence[RawRecord], read: Callable[..., Sequence[Event]]) -> None:
    outbox.record_many([event for raw in batch for event in read(topic=raw.topic, value=raw.value)])
