"""What happened to third parties, their clients, and what customers authorised them to."""

from dataclasses import dataclass
from uuid import UUID

from streaming import topics
from streaming.events import Event

TOPIC = "oauth.events.v1"

topics.declare(TOPIC, owner="oauth", purpose="Third parties, their clients, and their authorisations.")


@dataclass(frozen=True, slots=True, kw_only=True)
class ThirdPartyRegistered(Event):
    """A third party was let in."""

    name = "oauth.third_party.registered"
    aggregate_type = "third_party"
    subject = "third_party_id"
    topic = TOPIC
    serves = ("4b", "5b", "9b", "10b")
    example = {"third_party_name": "Ledgerly"}

    third_party_id: UUID
    third_party_name: str


@dataclass(frozen=True, slots=True, kw_only=True)
class ThirdPartySuspended(Event):
    """A third party may not do anything until reinstated; consents and tokens stay as they are."""

    name = "oauth.third_party.suspended"
    aggregate_type = "third_party"
    subject = "third_party_id"
    topic = TOPIC
    serves = ("4b", "5b", "10b")
    example = {"reason": "its certificate was withdrawn"}

    third_party_id: UUID
    reason: str


@dataclass(frozen=True, slots=True, kw_only=True)
class ThirdPartyReinstated(Event):
    """A suspended third party may act again."""

    name = "oauth.third_party.reinstated"
    aggregate_type = "third_party"
    subject = "third_party_id"
    topic = TOPIC
    serves = ("4b", "5b", "10b")
    example = {"reason": "it has a new certificate"}

    third_party_id: UUID
    reason: str


@dataclass(frozen=True, slots=True, kw_only=True)
class ClientRegistered(Event):
    """A third party has a new client."""

    name = "oauth.client.registered"
    aggregate_type = "third_party"
    subject = "third_party_id"
    topic = TOPIC
    serves = ("4b", "10b")
    example = {"client_id": "ledgerly-web", "redirect_uris": ("https://ledgerly.example/callback",)}

    third_party_id: UUID
    client_id: str
    redirect_uris: tuple[str, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class AuthorizationGranted(Event):
    """A customer said yes; a code is on its way to the client."""

    name = "oauth.authorization.granted"
    aggregate_type = "authorization"
    subject = "authorization_id"
    topic = TOPIC
    serves = ("1b", "4b", "10b")
    example = {"client_id": "ledgerly-web", "scope": "openid accounts"}

    authorization_id: UUID
    third_party_id: UUID
    client_id: str
    customer_id: UUID
    consent_id: UUID
    scope: str


@dataclass(frozen=True, slots=True, kw_only=True)
class AuthorizationRevoked(Event):
    """All tokens of an authorisation are dead; ``reason`` is ``consent``, ``code_replayed`` or ``client``."""

    name = "oauth.authorization.revoked"
    aggregate_type = "authorization"
    subject = "authorization_id"
    topic = TOPIC
    serves = ("4b", "10b")
    example = {"client_id": "ledgerly-web", "reason": "consent"}

    authorization_id: UUID
    third_party_id: UUID
    client_id: str
    customer_id: UUID
    consent_id: UUID
    reason: str
