"""A consent's history, told from the event log."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from types import MappingProxyType
from uuid import UUID

from django.utils.translation import gettext_lazy as _

from edge.pages import Words
from streaming import selectors as log

TOLD: Mapping[str, Words] = MappingProxyType(
    {
        "consents.consent.lodged": _("Asked for by the third party"),
        "consents.consent.authorised": _("Approved"),
        "consents.consent.rejected": _("Declined"),
        "consents.consent.used": _("Used for the payment"),
        "consents.consent.ended": _("Ended"),
        "consents.consent.expired": _("Expired"),
        "oauth.authorization.granted": _("Access handed to the third party"),
        "oauth.authorization.revoked": _("Access taken from the third party"),
        "payments.payment.submitted": _("Payment sent to the bank"),
        "payments.payment.status_updated": _("Payment status changed"),
    }
)
"""Event types that belong to a consent's history, in words; others with its id are left to the event list."""

ACTORS: Mapping[str, Words] = MappingProxyType(
    {
        "customer": _("the customer"),
        "staff": _("the bank’s staff"),
        "third-party": _("the third party"),
        "system": _("the platform"),
    }
)


@dataclass(frozen=True, slots=True, kw_only=True)
class Told:
    """One fact: when it was true, who did it, what it was, and why; newest first in a history."""

    at: datetime
    actor_kind: str
    actor_id: str
    what: Words
    why: str

    @property
    def actor(self) -> Words:
        """Who, in a word."""
        return ACTORS.get(self.actor_kind, self.actor_kind)


def history_of(*, consent_id: UUID, with_tokens: bool = True) -> list[Told]:
    """Return what happened to a consent, newest first; customers are spared what happened to tokens."""
    types = [name for name in TOLD if with_tokens or not name.startswith("oauth.")]
    return [_tell(event) for event in log.list_events(consent_id=consent_id, types=types)]


def _tell(event: log.HistoryEntry) -> Told:
    kind, _colon, actor_id = event.actor.partition(":")
    why = event.payload.get("reason") or event.payload.get("status") or ""
    is_said_in_words = event.type.startswith("consents.") or event.type == "payments.payment.status_updated"
    return Told(
        at=event.occurred_at,
        actor_kind=kind,
        actor_id=actor_id,
        what=TOLD[event.type],
        why=str(why) if is_said_in_words else "",
    )
