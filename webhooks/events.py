"""Facts about endpoints; what third parties are told is in :mod:`webhooks.public_events`."""

from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

from streaming import topics
from streaming.events import Event

TOPIC = "webhook.events.v1"

topics.declare(TOPIC, partitions=3, owner="webhooks", purpose="Where third parties want to be told, and since when.")


@dataclass(frozen=True, slots=True, kw_only=True)
class EndpointCreated(Event):
    """A third party wants to be told; nothing is sent before the endpoint has echoed a challenge."""

    name = "webhooks.endpoint.created"
    aggregate_type = "webhook_endpoint"
    subject = "endpoint_id"
    topic = TOPIC
    serves = ("2b", "4b", "10b")
    example = {"event_types": ("consent.authorised", "transaction.booked")}

    endpoint_id: UUID
    third_party_id: UUID
    event_types: tuple[str, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class EndpointStatusChanged(Event):
    """An endpoint went live, was disabled, has to confirm anew, or was deleted."""

    name = "webhooks.endpoint.status_changed"
    aggregate_type = "webhook_endpoint"
    subject = "endpoint_id"
    topic = TOPIC
    serves = ("2b", "4b", "10b")
    example = {"status": "live", "reason": ""}

    endpoint_id: UUID
    third_party_id: UUID
    status: str
    reason: str


@dataclass(frozen=True, slots=True, kw_only=True)
class EndpointKeysRotated(Event):
    """An endpoint has new keys; the old ones sign beside them until ``old_keys_retire_at``."""

    name = "webhooks.endpoint.keys_rotated"
    aggregate_type = "webhook_endpoint"
    subject = "endpoint_id"
    topic = TOPIC
    serves = ("2b", "4b", "10b")

    endpoint_id: UUID
    third_party_id: UUID
    old_keys_retire_at: datetime


@dataclass(frozen=True, slots=True, kw_only=True)
class DeliveryReplayed(Event):
    """Somebody asked for a delivery to be made again."""

    name = "webhooks.delivery.replayed"
    aggregate_type = "webhook_endpoint"
    subject = "endpoint_id"
    topic = TOPIC
    serves = ("2b", "4b", "10b")
    example = {"reason": "asked for by its owner"}

    endpoint_id: UUID
    third_party_id: UUID
    replayed_event_id: UUID
    reason: str
