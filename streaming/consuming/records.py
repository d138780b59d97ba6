"""What handlers are given, and how they refuse it."""

from collections.abc import Mapping
from datetime import datetime
from typing import Any, Generic, TypeVar
from uuid import UUID

import msgspec

from streaming.events import Event

E_co = TypeVar("E_co", bound=Event, covariant=True)


class Reject(Exception):
    """Raised by a handler: this record can never be applied, make it a dead letter and go on."""

    def __init__(self, reason: str) -> None:
        self.reason = reason
        super().__init__(reason)


class VersionMissing(LookupError):
    """An event cannot be applied yet: one before it, of the same aggregate, has not come."""


# These are made for every record: as frozen dataclasses they would cost five times as much.


class RawRecord(msgspec.Struct, frozen=True, kw_only=True, gc=False):
    """
    A record as the broker has it; ``topic`` is without the deployment's prefix, ``timestamp`` aware UTC.

    A ``key`` of more than 500 characters is cut, and ends with a digest of the whole.
    One that was read from the log instead of its topic has its place there as a negative ``offset``.
    """

    topic: str
    partition: int
    offset: int
    key: str | None
    value: bytes
    headers: Mapping[str, str]
    timestamp: datetime


class Received(msgspec.Struct, Generic[E_co], frozen=True, kw_only=True, gc=False):
    """An event with what the log and the broker say about it; ``version`` counts its aggregate's events from 1."""

    event: E_co
    event_id: UUID
    type: str
    aggregate_type: str
    aggregate_id: str
    version: int
    key: str
    topic: str
    partition: int
    offset: int
    occurred_at: datetime
    correlation_id: str
    """Of the call that began the chain, else the first event's id."""
    causation_id: UUID | None
    traceparent: str | None
    prepared: Any = None
    """What the handler's ``prepare`` made of the event."""

    @property
    def customer_id(self) -> UUID | None:
        """The customer whom the event names."""
        return getattr(self.event, "customer_id", None)

    @property
    def third_party_id(self) -> UUID | None:
        """The third party that the event names."""
        return getattr(self.event, "third_party_id", None)

    @property
    def consent_id(self) -> UUID | None:
        """The consent that the event names."""
        return getattr(self.event, "consent_id", None)
