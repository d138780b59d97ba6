"""
What happens to a consent, as facts; each is keyed by the consent, so that its facts stay in order.

``kind`` and ``ended_by`` hold words of :mod:`consents.states`.
"""

from dataclasses import dataclass
from uuid import UUID

from streaming import topics
from streaming.events import Event

TOPIC = "consent.events.v1"

topics.declare(TOPIC, owner="consents", purpose="Consents: lodged, answered, used, ended, expired.")


@dataclass(frozen=True, slots=True, kw_only=True)
class ConsentLodged(Event):
    """A third party has asked; the customer has not answered yet."""

    name = "consents.consent.lodged"
    aggregate_type = "consent"
    subject = "consent_id"
    topic = TOPIC
    serves = ("1b", "2a", "5b", "10b")
    example = {"customer_id": None, "kind": "account_access", "permissions": ("ReadAccountsBasic", "ReadBalances")}

    consent_id: UUID
    third_party_id: UUID
    customer_id: UUID | None
    kind: str
    permissions: tuple[str, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class ConsentAuthorised(Event):
    """The customer said yes to these accounts: the third party may act."""

    name = "consents.consent.authorised"
    aggregate_type = "consent"
    subject = "consent_id"
    topic = TOPIC
    serves = ("1b", "2a", "2b", "5b", "10b")
    example = {"kind": "account_access", "permissions": ("ReadAccountsBasic", "ReadBalances")}

    consent_id: UUID
    third_party_id: UUID
    customer_id: UUID
    kind: str
    account_ids: tuple[UUID, ...]
    permissions: tuple[str, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class ConsentRejected(Event):
    """The customer said no."""

    name = "consents.consent.rejected"
    aggregate_type = "consent"
    subject = "consent_id"
    topic = TOPIC
    serves = ("2a", "5b", "10b")
    example = {"kind": "account_access"}

    consent_id: UUID
    third_party_id: UUID
    customer_id: UUID | None
    kind: str


@dataclass(frozen=True, slots=True, kw_only=True)
class ConsentUsed(Event):
    """A payment consent has served its one payment."""

    name = "consents.consent.used"
    aggregate_type = "consent"
    subject = "consent_id"
    topic = TOPIC
    serves = ("1a", "2a", "5b", "10b")
    example = {"kind": "single_payment"}

    consent_id: UUID
    third_party_id: UUID
    customer_id: UUID
    kind: str


@dataclass(frozen=True, slots=True, kw_only=True)
class ConsentEnded(Event):
    """Somebody took the consent back; nothing may be read under it from now on."""

    name = "consents.consent.ended"
    aggregate_type = "consent"
    subject = "consent_id"
    topic = TOPIC
    serves = ("2a", "2b", "5b", "10b")
    example = {"kind": "account_access", "ended_by": "customer", "reason": "no longer used"}

    consent_id: UUID
    third_party_id: UUID
    customer_id: UUID | None
    kind: str
    ended_by: str
    reason: str


@dataclass(frozen=True, slots=True, kw_only=True)
class ConsentExpired(Event):
    """The consent's time has run out, answered or not."""

    name = "consents.consent.expired"
    aggregate_type = "consent"
    subject = "consent_id"
    topic = TOPIC
    serves = ("2a", "2b", "5b", "10b")
    example = {"kind": "account_access"}

    consent_id: UUID
    third_party_id: UUID
    customer_id: UUID | None
    kind: str
