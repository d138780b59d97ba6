"""Where events went: the place that each got on its topic, and which groups had it when."""

from collections.abc import Collection, Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass
from datetime import datetime
from typing import Any
from uuid import UUID

from django.db import connection

from streaming.broker_search import Place, Sought, find_places
from streaming.consuming.registry import Group, list_groups
from streaming.events import event_types
from streaming.models import DeadLetter, StoredEvent
from streaming.selectors import read_payload

MOST_EVENTS = 200
"""A track of more is cut: nobody reads it."""
MENTIONED_WITHIN = 100_000
"""So many events after the first one about a thing are searched for others that mention it, as no index has them."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Seen:
    """
    What became of an event in one group, and since when that stands.

    ``state`` is ``applied``, ``waiting`` (it has not come yet), or that of a dead letter. ``views`` are the tables
    that show it then. When a group had an event is noted within its transaction, so it is visible a moment later.
    """

    group: str
    at: datetime | None
    state: str
    detail: str = ""
    views: Sequence[str] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class EventTrack:
    """
    One event and where it went; times are aware, UTC.

    ``payload`` has its personal fields masked. ``place`` is where the topic has it, or ``None``; ``held`` says why
    the relay keeps it back, if it does.
    """

    event_id: UUID
    type: str
    aggregate_type: str
    aggregate_id: str
    version: int
    topic: str
    actor: str
    correlation_id: str | None
    causation_id: UUID | None
    traceparent: str | None
    occurred_at: datetime
    recorded_at: datetime
    payload: Mapping[str, Any]
    place: Place | None
    held: str | None
    seen: Sequence[Seen]


def track_events(identifier: str) -> Sequence[EventTrack]:
    """
    Return the events that an id leads to, in the order of the log, with all that came of the same call.

    The id may be that of an interaction, of an event, of a consent, or of anything else that events happened to, such
    as a payment; then what mentions it soon after is there too, such as the transaction that the core booked. There
    are :data:`MOST_EVENTS` at most, the first ones.

    :raises BrokerDown: if the broker does not answer.
    """
    events = _find_events(identifier)
    event_ids = [event.event_id for event in events]
    places = find_places([_sought(event) for event in events])
    held, inbox, letters = _held(events), _inbox(event_ids), _letters(event_ids)
    groups = list_groups()
    return [
        EventTrack(
            event_id=event.event_id,
            type=event.type,
            aggregate_type=event.aggregate_type,
            aggregate_id=event.aggregate_id,
            version=event.version,
            topic=event.topic,
            actor=event.actor,
            correlation_id=event.correlation_id,
            causation_id=event.causation_id,
            traceparent=event.traceparent,
            occurred_at=event.occurred_at,
            recorded_at=event.recorded_at,
            payload=read_payload(type_name=event.type, payload=bytes(event.payload), is_masked=True),
            place=places.get(event.event_id),
            held=held.get(event.id),
            seen=[
                _seen(group, inbox.get((event.event_id, group.name)), letters.get((event.event_id, group.name)))
                for group in groups
                if event.type in group.by_type
            ],
        )
        for event in events
    ]


def _find_events(identifier: str) -> Sequence[StoredEvent]:
    """Find the chains that an id leads to, then all events of these."""
    texts, event_id = [identifier], None
    with suppress(ValueError):
        event_id = UUID(identifier)
        texts += [str(event_id), event_id.hex]
    values = {
        "event_id": event_id,
        "texts": texts,
        "aggregate_types": sorted({event_type.aggregate_type for event_type in event_types()}),
        "mentioned": str(event_id),
        "within": MENTIONED_WITHIN,
        "limit": MOST_EVENTS,
    }
    with connection.cursor() as cursor:
        cursor.execute(_ROOTS, values)
        roots = {root for (root,) in cursor.fetchall()}
        if event_id is not None:
            cursor.execute(_MENTIONS, values)
            roots |= {root for (root,) in cursor.fetchall()}
        cursor.execute(_EVENT_IDS, {"roots": sorted(roots), "limit": MOST_EVENTS})
        event_ids = [row[0] for row in cursor.fetchall()]
    return list(StoredEvent.objects.filter(event_id__in=event_ids).order_by("id"))


def _sought(event: StoredEvent) -> Sought:
    return Sought(event_id=event.event_id, topic=event.topic, key=event.key, recorded_at=event.recorded_at)


def _held(events: Sequence[StoredEvent]) -> Mapping[int, str]:
    with connection.cursor() as cursor:
        cursor.execute("SELECT id, error FROM streaming_held WHERE id = ANY (%s)", [[event.id for event in events]])
        return dict(cursor.fetchall())


def _inbox(event_ids: Sequence[UUID]) -> Mapping[tuple[UUID, str], datetime]:
    """Return when each group had each event; of a view that was built anew, when it first had it."""
    with connection.cursor() as cursor:
        cursor.execute(_INBOX, [list(event_ids)])
        return {(event_id, group): seen_at for event_id, group, seen_at in cursor.fetchall()}


def _letters(event_ids: Collection[UUID]) -> Mapping[tuple[UUID, str], DeadLetter]:
    letters = DeadLetter.objects.filter(event_id__in=event_ids).order_by("id")
    return {(letter.event_id, letter.group): letter for letter in letters if letter.event_id is not None}


def _seen(group: Group, seen_at: datetime | None, letter: DeadLetter | None) -> Seen:
    if letter is not None:
        return Seen(
            group=group.name,
            at=letter.resolved_at or letter.created_at,
            state=letter.state,
            detail=letter.error,
            views=group.views if letter.state == DeadLetter.State.REDRIVEN else (),
        )
    if seen_at is None:
        return Seen(group=group.name, at=None, state="waiting")
    return Seen(group=group.name, at=seen_at, state="applied", views=group.views)


# A chain of events is told by its root: the call that began it, or the event that no call caused.
_ROOTS = """
SELECT coalesce(correlation_id, event_id::text) FROM streaming_event WHERE event_id = %(event_id)s::uuid
UNION SELECT correlation_id FROM streaming_event WHERE correlation_id = ANY (%(texts)s::text[])
UNION (SELECT coalesce(correlation_id, event_id::text) FROM streaming_event
    WHERE aggregate_type = ANY (%(aggregate_types)s::text[]) AND aggregate_id = ANY (%(texts)s::text[])
    ORDER BY id LIMIT %(limit)s)
UNION (SELECT coalesce(correlation_id, event_id::text) FROM streaming_event WHERE consent_id = %(event_id)s::uuid
    ORDER BY id LIMIT %(limit)s)
"""

_MENTIONS = """
WITH first AS (
    SELECT min(id) AS id FROM streaming_event
    WHERE aggregate_type = ANY (%(aggregate_types)s::text[]) AND aggregate_id = ANY (%(texts)s::text[]))
SELECT coalesce(correlation_id, event_id::text) FROM streaming_event
WHERE id > (SELECT id FROM first) AND id <= (SELECT id FROM first) + %(within)s::bigint
    AND position(convert_to(%(mentioned)s::text, 'UTF8') IN payload) > 0
LIMIT %(limit)s
"""

_EVENT_IDS = """
SELECT event_id, id FROM streaming_event WHERE correlation_id = ANY (%(roots)s::text[])
UNION SELECT event_id, id FROM streaming_event
    WHERE event_id = ANY (ARRAY(SELECT root::uuid FROM unnest(%(roots)s::text[]) AS root
        WHERE root ~* '^[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}$'))
ORDER BY id LIMIT %(limit)s
"""

_INBOX = """
SELECT event_id, split_part(consumer, '#', 1), min(seen_at) FROM streaming_inbox WHERE event_id = ANY (%s)
GROUP BY 1, 2
"""
