"""The event log as histories tell it: for staff, dashboards and tests."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any
from uuid import UUID

import orjson

from streaming.errors import EventNotFound
from streaming.events import event_class, is_known
from streaming.models import StoredEvent

MASK = "•••"
"""Stands for a personal value that was not asked for."""


@dataclass(frozen=True, slots=True, kw_only=True)
class HistoryEntry:
    """
    One event as the log tells it.

    ``occurred_at`` is when it was true, ``recorded_at`` when the log heard of it; both aware, UTC.
    """

    event_id: UUID
    type: str
    version: int
    occurred_at: datetime
    recorded_at: datetime
    actor: str
    correlation_id: str | None
    payload: Mapping[str, Any]


def list_events(
    *,
    consent_id: UUID | None = None,
    third_party_id: UUID | None = None,
    customer_id: UUID | None = None,
    aggregate: tuple[str, str] | None = None,
    types: Iterable[str] | None = None,
    is_masked: bool = True,
    limit: int = 200,
) -> Sequence[HistoryEntry]:
    """
    Return the newest events that belong to all that is given, newest first; ``aggregate`` is (type, id).

    Personal fields are masked unless ``is_masked`` is false: then say who sees them, and why.
    """
    events = StoredEvent.objects.order_by("-id")
    for column, value in (
        ("consent_id", consent_id),
        ("third_party_id", third_party_id),
        ("customer_id", customer_id),
    ):
        if value is not None:
            events = events.filter(**{column: value})
    if aggregate is not None:
        events = events.filter(aggregate_type=aggregate[0], aggregate_id=aggregate[1])
    if types is not None:
        events = events.filter(type__in=list(types))
    return [_entry(event, is_masked=is_masked) for event in events[:limit]]


def get_event(*, event_id: UUID, is_masked: bool = True) -> HistoryEntry:
    """
    Return one event; its personal fields are masked unless ``is_masked`` is false.

    :raises EventNotFound: if there is none.
    """
    event = StoredEvent.objects.filter(event_id=event_id).first()
    if event is None:
        raise EventNotFound(event_id=event_id)
    return _entry(event, is_masked=is_masked)


def read_payload(*, type_name: str, payload: bytes, is_masked: bool) -> Mapping[str, Any]:
    """Return a stored payload as it may be shown; of a type that nobody knows any more, nothing is."""
    fields: dict[str, Any] = orjson.loads(payload)
    if not is_masked:
        return fields
    personal = event_class(type_name).personal if is_known(type_name) else fields.keys()
    return {name: MASK if name in personal and value is not None else value for name, value in fields.items()}


def _entry(event: StoredEvent, *, is_masked: bool) -> HistoryEntry:
    return HistoryEntry(
        event_id=event.event_id,
        type=event.type,
        version=event.version,
        occurred_at=event.occurred_at,
        recorded_at=event.recorded_at,
        actor=event.actor,
        correlation_id=event.correlation_id,
        payload=read_payload(type_name=event.type, payload=bytes(event.payload), is_masked=is_masked),
    )
