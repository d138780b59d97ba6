"""Turns internal events into notifications and deliveries; sending them is the dispatcher's."""

from collections.abc import Sequence

from kernel import clock
from streaming.consumers import Received, handles
from streaming.events import Event
from webhooks.fanout import Item, fan_out
from webhooks.public_events import PUBLIC_EVENTS


@handles(tuple(PUBLIC_EVENTS), group="webhooks.fan-out")
def apply_public_events(batch: Sequence[Received[Event]]) -> None:
    """Note for each event of the batch which third parties are to be told."""
    fan_out([_item(received) for received in batch], now=clock.now())


def _item(received: Received[Event]) -> Item:
    public = PUBLIC_EVENTS[type(received.event)]
    return Item(
        event_id=received.event_id,
        type=public.type,
        occurred_at=received.occurred_at,
        news=public.tell(received.event),
    )
