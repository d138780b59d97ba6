"""From the core's raw formats to canonical events: one file per raw table, garbage is refused, never guessed."""

from collections.abc import Callable, Mapping

from bankcore.events import PAYMENT_STATUS_TOPIC
from bankcore.translators import acbal, accmst, achold, cusmst, payment_status, trnjnl
from streaming.consumers import Reject
from streaming.events import Event

Translate = Callable[[bytes], Event | None]

TRANSLATORS: Mapping[str, Translate] = {
    "core.raw.cdc.cusmst": cusmst.translate,
    "core.raw.cdc.accmst": accmst.translate,
    "core.raw.cdc.achold": achold.translate,
    "core.raw.cdc.acbal": acbal.translate,
    "core.raw.cdc.trnjnl": trnjnl.translate,
    PAYMENT_STATUS_TOPIC: payment_status.translate,
}
"""Which translator reads which raw topic (names without the deployment's prefix)."""


def translate(*, topic: str, value: bytes | None) -> tuple[Event, ...]:
    """
    Return the canonical events of one raw record: none for a tombstone, which only says that a key is gone.

    :raises Reject: if the record cannot be understood.
    """
    if not value:
        return ()
    if topic not in TRANSLATORS:
        raise Reject("no translator reads this topic")
    event = TRANSLATORS[topic](value)
    return () if event is None else (event,)
