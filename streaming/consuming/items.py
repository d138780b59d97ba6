"""Records on their way to their handlers."""

from collections.abc import Iterable, Sequence
from typing import Any, TypeAlias
from uuid import UUID

import msgspec
from msgspec import structs

from streaming.consuming.offsets import Partition
from streaming.consuming.records import RawRecord, Received
from streaming.consuming.registry import Group, Handler
from streaming.envelope import open_envelope
from streaming.events import event_class, is_known

Place: TypeAlias = tuple[str, str | None]
"""Topic and key: what has one place keeps its order."""


class Item(msgspec.Struct, frozen=True, gc=False):
    """A record and who handles it; what could be ``received``, or why it can not."""

    record: RawRecord
    handler: Handler
    received: Received[Any] | None = None
    failure: Exception | None = None
    is_counted: bool = False
    """Whether the versions of its aggregate must come without a gap."""
    letter_id: int | None = None
    """The dead letter that held it until now."""

    @property
    def place(self) -> Place:
        """Where it keeps its order."""
        return self.record.topic, self.record.key

    @property
    def partition(self) -> Partition:
        """Where it came from."""
        return self.record.topic, self.record.partition

    @property
    def is_of_concern(self) -> bool:
        """Whether the group has to do with it at all: not if it is of a known type that other groups want."""
        return self.handler is not OTHERS

    @property
    def is_handled(self) -> bool:
        """Whether the group does anything with it but count it."""
        return self.handler is not NOBODY

    @property
    def inbox_id(self) -> str | None:
        """By what the inbox tells it from others; what is only counted needs none, raw records have none."""
        if self.received is None:
            return str(event_id) if self.failure is not None and (event_id := self.event_id) else None
        return self.record.headers["ce_id"] if self.is_handled else None

    @property
    def event_id(self) -> UUID | None:
        """The event's id, as far as it can be read."""
        if self.received is not None:
            return self.received.event_id
        try:
            return UUID(self.record.headers["ce_id"])
        except (KeyError, ValueError):
            return None

    def traced(self, traceparent: str) -> "Item":
        """Return the same, with another parent for what the handler records."""
        record = structs.replace(self.record, headers={**self.record.headers, "traceparent": traceparent})
        received = self.received and structs.replace(self.received, traceparent=traceparent)
        return structs.replace(self, record=record, received=received)

    @property
    def content(self) -> Any:
        """What the handler gets."""
        return self.record if self.received is None else self.received


def read_item(group: Group, record: RawRecord, *, letter_id: int | None = None) -> Item:
    """
    Read a record for a group, and prepare it for its handler.

    Pure, so it can be done ahead of the record's turn.
    """
    if raw_handler := group.by_raw_topic.get(record.topic):
        return Item(record, raw_handler, letter_id=letter_id)
    type_name = record.headers.get("ce_type", "")
    handler = group.by_type.get(type_name)
    if handler is None and is_known(type_name) and event_class(type_name).aggregate_type not in group.counted:
        return Item(record, OTHERS, letter_id=letter_id)
    handler = handler or NOBODY
    try:
        received = open_envelope(record)
        if handler.prepare is not None:
            received = structs.replace(received, prepared=handler.prepare(received.event))
    except Exception as failure:  # the edge of what is pure: it is the record's own fault, and would be so again.
        return Item(record, handler, failure=failure, letter_id=letter_id)
    return Item(record, handler, received, is_counted=received.aggregate_type in group.counted, letter_id=letter_id)


def ends_of(items: Iterable[Item]) -> dict[Partition, int]:
    """Return where to read on behind the last of each partition."""
    return {item.partition: item.record.offset + 1 for item in items}


def _nothing(_batch: Sequence[Any]) -> None:
    raise AssertionError("a record that nobody handles is never applied")


NOBODY = Handler(apply=_nothing)
"""Handles what cannot be read, and what is only counted: its contents never get that far."""

OTHERS = Handler(apply=_nothing)
"""Handle what the group passes over."""
