"""What happened to third parties, their clients, and what customers authorised them to."""

from dataclasses import dataclass
from typing import ClassVar
from uuid import UUID

from streaming import topics
from streaming.events import Event

TOPIC = "oauth.events.v1"

topics.declare(TOPIC, owner="oauth", purpose="Third parties, their clients, and their authorisations.")


@dataclass(frozen=True, slots=True, kw_only=True)
class ThirdPartyRegistered(Event):
    """A third party was let in."""

    name: ClassVar[str] = "oauth.third_party.registered"
    aggregate_type: ClassVar[str] = "third_party"
    subject: ClassVar[str] = "third_party_id"
    topic: ClassVar[str] = TOPIC

    third_party_id: UUID
    third_party_name: str


@dataclass(frozen=True, slots=True, kw_only=True)
class ThirdPartySuspended(Event):
    """A third party may not do anything until reinstated; consents and tokens stay as they are."""

    name: ClassVar[str] = "oauth.third_party.suspended"
    aggregate_type: ClassVar[str] = "third_party"
    subject: ClassVar[str] = "third_party_id"
    topic: ClassVar[str] = TOPIC

    third_party_id: UUID
    reason: str


@dataclass(frozen=True, slots=True, kw_only=True)
class ThirdPartyReinstated(Event):
    """A suspended third party may act again."""

    name: ClassVar[str] = "oauth.third_party.reinstated"
    aggregate_type: ClassVar[str] = "third_party"
    subject: ClassVar[str] = "third_party_id"
    topic: ClassVar[str] = TOPIC

    third_party_id: UUID
    reason: str


@dataclass(frozen=True, slots=True, kw_only=True)
class ClientRegistered(Event):
    """A third party has a new client."""

    name: ClassVar[str] = "oauth.client.registered"
    aggregate_type: ClassVar[str] = "third_party"
    subject: ClassVar[str] = "third_party_id"
    topic: ClassVar[str] = TOPIC

    third_party_id: UUID
    client_id: str
    redirect_uris: tuple[str, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class AuthorizationGranted(Event):
    """A customer said yes; a code is on its way to the client."""

    name: ClassVar[str] = "oauth.authorization.granted"
    aggregate_type: ClassVar[str] = "authorization"
    subject: ClassVar[str] = "authorization_id"
    topic: ClassVar[str] = TOPIC

    authorization_id: UUID
    third_party_id: UUID
    client_id: str
    customer_id: UUID
    consent_id: UUID
    scope: str


@dataclass(frozen=True, slots=True, kw_only=True)
class AuthorizationRevoked(Event):
    """All tokens of an authorisation are dead; ``reason`` is ``consent``, ``code_replayed`` or ``client``."""

    name: ClassVar[str] = "oauth.authorization.revoked"
    aggregate_type: ClassVar[str] = "authorization"
    subject: ClassVar[str] = "authorization_id"
    topic: ClassVar[str] = TOPIC

    authorization_id: UUID
    third_party_id: UUID
    client_id: str
    customer_id: UUID
    consent_id: UUID
    reason: str
