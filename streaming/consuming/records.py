"""What handlers are given."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Generic, TypeVar
from uuid import UUID

from streaming.events import Event

E_co = TypeVar("E_co", bound=Event, covariant=True)


class Reject(Exception):
    """Raised by a handler: this record can never be applied, make it a dead letter and go on."""

    def __init__(self, reason: str) -> None:
        self.reason = reason
        super().__init__(reason)


@dataclass(frozen=True, slots=True, kw_only=True)
class RawRecord:
    """A record as the broker has it; ``topic`` is without the deployment's prefix, ``timestamp`` aware UTC."""

    topic: str
    partition: int
    offset: int
    key: str | None
    value: bytes
    headers: Mapping[str, str]
    timestamp: datetime


@dataclass(frozen=True, slots=True, kw_only=True)
class Received(Generic[E_co]):
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
    customer_id: UUID | None
    third_party_id: UUID | None
    consent_id: UUID | None
