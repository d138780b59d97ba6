"""How items come to their handlers: in batches as large as the order within keys allows."""

from collections.abc import Iterable, Iterator, Sequence
from contextlib import AbstractContextManager
from typing import Any

from kernel import context
from streaming.consuming import inbox
from streaming.consuming.items import Item, Place
from streaming.consuming.records import Received
from streaming.consuming.registry import Group, Handler


def batches(items: Iterable[Item]) -> Iterator[tuple[Handler, Sequence[Item]]]:
    """
    Yield batches for the handlers, as large as possible, with the records of each key in their order.

    A record waits for the next round where its key's last one went to another handler.
    """
    all_items = list(items)
    handlers = {id(item.handler) for item in all_items}
    if len(handlers) == 1:
        yield all_items[0].handler, all_items
        return
    rounds: list[dict[int, tuple[Handler, list[Item]]]] = []
    last_of_key: dict[Place, tuple[int, Handler]] = {}
    for item in all_items:
        number, handler = last_of_key.get(item.place, (0, item.handler))
        if handler is not item.handler:
            number += 1
        last_of_key[item.place] = (number, item.handler)
        if number == len(rounds):
            rounds.append({})
        rounds[number].setdefault(id(item.handler), (item.handler, []))[1].append(item)
    for each in rounds:
        yield from each.values()


def call(group: Group, consumer: str, handler: Handler, items: Sequence[Item]) -> None:
    """
    Give a handler its batch, as the group and on behalf of what it came from.

    :raises Exception: whatever the handler raises.
    """
    contents: Sequence[Any] = [item.content for item in items]
    if handler.order == "newest":
        contents = inbox.newest_only(consumer, contents)
    if contents:
        with _acting_for(group, contents):
            handler.apply(contents)


def _acting_for(group: Group, contents: Sequence[Any]) -> AbstractContextManager[Any]:
    """Outputs of a single event are known to come from it; those of a batch are told apart by ``causes``."""
    actor = f"system:{group.name}"
    if len(contents) == 1 and isinstance(contents[0], Received):
        (received,) = contents
        return context.acting(
            actor=actor,
            correlation_id=received.correlation_id,
            causation_id=received.event_id,
            traceparent=received.traceparent,
        )
    return context.acting(actor=actor, correlation_id=None, causation_id=None, traceparent=None)
