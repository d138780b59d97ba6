"""One event of every type, as documents and tests show it: the same thing has the same id in all of them."""

from collections.abc import Mapping
from dataclasses import fields
from datetime import UTC, date, datetime
from enum import Enum
from typing import Any, TypeVar, get_args, get_origin, get_type_hints
from uuid import NAMESPACE_URL, UUID, uuid5

from streaming.envelope import LogRow, headers_of
from streaming.events import Event

E = TypeVar("E", bound=Event)

MOMENT = datetime(2026, 11, 23, 14, 5, tzinfo=UTC)
"""When everything in the examples happened."""


def example_of(event_type: type[E]) -> E:
    """
    Return an event of this type.

    Ids, times, flags and enums are made here; texts and numbers are those that the class gives.

    :raises TypeError: if the class gives none for a text or a number, or names a field that it does not have.
    """
    hints = get_type_hints(event_type)
    names = [field.name for field in fields(event_type)]
    given = event_type.example
    if strangers := given.keys() - set(names):
        raise TypeError(f"{event_type.name}: examples for fields that do not exist: {', '.join(sorted(strangers))}")
    return event_type(**{name: given[name] if name in given else _made(event_type, name, hints) for name in names})


def example_headers(event: Event) -> Mapping[str, str]:
    """Return the headers of an example's record."""
    row = LogRow(
        id=1,
        event_id=str(example_id("event_id")),
        aggregate_id=event.aggregate_id,
        version="1",
        type=event.name,
        schema_version=event.schema_version,
        topic=event.topic,
        key=str(getattr(event, event.key or event.subject)),
        payload=event.to_payload(),
        traceparent="00-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-01",
        correlation_id=str(example_id("correlation_id")),
        causation_id=str(example_id("causation_id")),
        occurred_at=MOMENT.strftime("%Y-%m-%dT%H:%M:%S.%fZ"),
    )
    return dict(headers_of(row, epoch=1))


def example_id(name: str) -> UUID:
    """Return the id that a field of this name has in every example."""
    return uuid5(NAMESPACE_URL, f"urn:millrace:example:{name}")


def _made(event_type: type[Event], name: str, hints: Mapping[str, Any]) -> Any:
    kind = _present_part(hints[name])
    if kind is UUID:
        return example_id(name)
    if kind == tuple[UUID, ...]:
        return (example_id(name.removesuffix("s")),)
    if kind is datetime:
        return MOMENT
    if kind is date:
        return MOMENT.date()
    if kind is bool:
        return False
    if isinstance(kind, type) and issubclass(kind, Enum):
        return next(iter(kind))
    raise TypeError(f"{event_type.name}.{name}: its class gives no example")


def _present_part(hint: Any) -> Any:
    """Return what a field holds when it is not empty."""
    if get_origin(hint) is tuple:
        return hint
    return next((part for part in get_args(hint) if part is not type(None)), hint)
