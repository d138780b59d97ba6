"""Records on their way to their handlers."""

from collections.abc import Sequence
from typing import Any, TypeAlias
from uuid import UUID

import msgspec

from streaming.consuming.records import RawRecord, Received
from streaming.consuming.registry import Group, Handler
from streaming.envelope import open_envelope
from streaming.errors import InvalidEvent, UnknownEventType
from streaming.events import event_class, is_known

Place: TypeAlias = tuple[str, str | None]
"""Topic and key: what has one place keeps its order."""


class Item(msgspec.Struct, frozen=True, gc=False):
    """A record and who handles it; what could be ``received``, or why it can not."""

    record: RawRecord
    handler: Handler
    received: Received[Any] | None = None
    failure: InvalidEvent | UnknownEventType | None = None
    is_counted: bool = False
    """Whether the versions of its aggregate must come without a gap."""
    letter_id: int | None = None
    """The dead letter that held it until now."""

    @property
    def place(self) -> Place:
        """Where it keeps its order."""
        return self.record.topic, self.record.key

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

    @property
    def content(self) -> Any:
        """What the handler gets."""
        return self.record if self.received is None else self.received


def read_item(group: Group, record: RawRecord, *, letter_id: int | None = None) -> Item | None:
    """Read a record for a group; nothing is returned for a known type that is other groups' concern alone."""
    if raw_handler := group.by_raw_topic.get(record.topic):
        return Item(record, raw_handler, letter_id=letter_id)
    type_name = record.headers.get("ce_type", "")
    handler = group.by_type.get(type_name)
    if handler is None and is_known(type_name) and event_class(type_name).aggregate_type not in group.counted:
        return None
    try:
        received = open_envelope(record)
    except (InvalidEvent, UnknownEventType) as failure:
        return Item(record, handler or NOBODY, failure=failure, letter_id=letter_id)
    is_counted = received.aggregate_type in group.counted
    return Item(record, handler or NOBODY, received, is_counted=is_counted, letter_id=letter_id)


def _nothing(_batch: Sequence[Any]) -> None:
    raise AssertionError("a record that nobody handles is never applied")


NOBODY = Handler(apply=_nothing)
"""Handles what cannot be read, and what is only counted: its contents never get that far."""
