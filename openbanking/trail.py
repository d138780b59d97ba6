"""The whole way of what happened, hop by hop: call, event, topic, consumer, view, webhook; for ``manage.py trace``."""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Any
from uuid import UUID

from streaming.tracks import EventTrack, Seen, track_events
from webhooks.selectors import DeliveryTrack, get_event_of_delivery, list_delivery_tracks


@dataclass(frozen=True, slots=True, kw_only=True)
class Hop:
    """
    One step of the way; ``at`` is aware, UTC, or ``None`` if it has not come to it.

    ``took`` is the time since the hop that led to this one; it may be a little below zero where two clocks differ.
    """

    part: str
    what: str
    at: datetime | None
    took: timedelta | None
    event_id: UUID | None = None
    details: Mapping[str, Any] = field(default_factory=dict)


def follow(identifier: str) -> Sequence[Hop]:
    """
    Return every hop that an id leads to: that of an interaction, a payment, a consent, an event or webhook, a delivery.

    The hops of an event stand together, in their order; events in the order of the log. Nothing of it is personal.

    :raises BrokerDown: if the broker does not answer.
    :raises DeliveryNotFound: if the id is a number, and no delivery has it.
    """
    if identifier.isascii() and identifier.isdigit():
        identifier = str(get_event_of_delivery(delivery_id=int(identifier)))
    tracks = track_events(identifier)
    deliveries = list_delivery_tracks(event_ids=[track.event_id for track in tracks])
    return list(_hops(tracks, deliveries))


def _hops(tracks: Sequence[EventTrack], deliveries: Sequence[DeliveryTrack]) -> Iterator[Hop]:
    applied = {(track.event_id, seen.group): seen.at for track in tracks for seen in track.seen}
    calls: set[str] = set()
    for track in tracks:
        if track.causation_id is None and track.correlation_id and track.correlation_id not in calls:
            calls.add(track.correlation_id)
            yield _call(track)
        yield _event(track, applied)
        yield _topic(track)
        for seen in track.seen:
            yield from _consumer(track, seen)
        for delivery in deliveries:
            if delivery.event_id == track.event_id:
                yield from _webhook(track, delivery)


def _call(track: EventTrack) -> Hop:
    """Calls are not stored, only told in the access log: the first event that one caused says when it was."""
    return Hop(
        part="call",
        what=f"interaction {track.correlation_id}",
        at=track.occurred_at,
        took=None,
        details={
            "interaction_id": track.correlation_id,
            "actor": track.actor,
            "trace_id": track.traceparent[3:35] if track.traceparent else None,
        },
    )


def _event(track: EventTrack, applied: Mapping[tuple[UUID, str], datetime | None]) -> Hop:
    group = track.actor.removeprefix("system:")
    caused_at = applied.get((track.causation_id, group)) if track.causation_id else track.occurred_at
    return Hop(
        part="event",
        what=f"{track.type}, {track.aggregate_type} {track.aggregate_id} version {track.version}",
        at=track.recorded_at,
        took=_since(caused_at, track.recorded_at),
        event_id=track.event_id,
        details={
            "type": track.type,
            "aggregate_type": track.aggregate_type,
            "aggregate_id": track.aggregate_id,
            "version": track.version,
            "actor": track.actor,
            "causation_id": track.causation_id,
            "occurred_at": track.occurred_at,
            "payload": track.payload,
        },
    )


def _topic(track: EventTrack) -> Hop:
    place = track.place
    if place is None:
        state = f"held: {track.held}" if track.held is not None else "not there"
        return Hop(
            part="topic",
            what=f"{track.topic}, {state}",
            at=None,
            took=None,
            event_id=track.event_id,
            details={"topic": track.topic, "state": state},
        )
    return Hop(
        part="topic",
        what=f"{track.topic}, partition {place.partition}, offset {place.offset}",
        at=place.at,
        took=_since(track.recorded_at, place.at),
        event_id=track.event_id,
        details={"topic": track.topic, "partition": place.partition, "offset": place.offset},
    )


def _consumer(track: EventTrack, seen: Seen) -> Iterator[Hop]:
    sent_at = track.place.at if track.place else track.recorded_at
    yield Hop(
        part="consumer",
        what=f"{seen.group}, {seen.state}" + (f": {seen.detail}" if seen.detail else ""),
        at=seen.at,
        took=_since(sent_at, seen.at),
        event_id=track.event_id,
        details={"group": seen.group, "state": seen.state, "detail": seen.detail},
    )
    for view in seen.views:
        yield Hop(
            part="view", what=view, at=seen.at, took=timedelta(0), event_id=track.event_id, details={"table": view}
        )


def _webhook(track: EventTrack, delivery: DeliveryTrack) -> Iterator[Hop]:
    fanned_out_at = next((seen.at for seen in track.seen if seen.group == "webhooks.fan-out"), None)
    yield Hop(
        part="webhook",
        what=f"{delivery.type} for {delivery.third_party_id}, {delivery.state}",
        at=delivery.told_at,
        took=_since(fanned_out_at, delivery.told_at),
        event_id=track.event_id,
        details={
            "delivery_id": delivery.delivery_id,
            "third_party_id": delivery.third_party_id,
            "type": delivery.type,
            "state": delivery.state,
        },
    )
    before = delivery.told_at
    for attempt in delivery.attempts:
        answered_at = attempt.started_at + timedelta(milliseconds=attempt.duration_ms)
        yield Hop(
            part="attempt",
            what=f"{attempt.number} to {delivery.host}, {attempt.outcome} after {attempt.duration_ms} ms",
            at=answered_at,
            took=_since(before, answered_at),
            event_id=track.event_id,
            details={
                "number": attempt.number,
                "host": delivery.host,
                "started_at": attempt.started_at,
                "duration_ms": attempt.duration_ms,
                "status": attempt.status,
                "outcome": attempt.outcome,
            },
        )
        before = answered_at


def _since(before: datetime | None, at: datetime | None) -> timedelta | None:
    return at - before if before is not None and at is not None else None
