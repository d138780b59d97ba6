"""
What third parties can be told: internal events by their public names, in one table.

Public names only gain versions. Bodies are thin (ids, status, times, links) and hold no personal data:
whoever wants more reads it through the audited API. The links are those of the face at which consents
are lodged today.
"""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any, TypeAlias
from uuid import UUID

from django.conf import settings

from accounts.events import BalanceMoved, TransactionBooked
from consents.events import ConsentAuthorised, ConsentEnded, ConsentExpired
from consents.states import ConsentKind, ConsentStatus
from payments.events import PaymentStatusUpdated
from streaming.events import Event

Body: TypeAlias = dict[str, Any]

CONSENT_PATHS = {
    ConsentKind.ACCOUNT_ACCESS: "/open-banking/v4.0/aisp/account-access-consents/{}",
    ConsentKind.SINGLE_PAYMENT: "/open-banking/v4.0/pisp/domestic-payment-consents/{}",
}
ACCOUNT_PATH = "/open-banking/v4.0/aisp/accounts/{}"
PAYMENT_PATH = "/open-banking/v4.0/pisp/domestic-payments/{}"


@dataclass(frozen=True, slots=True, kw_only=True)
class News:
    """
    What one internal event means for third parties.

    It goes to ``third_party_id``, or, if that is ``None``, to all with a live consent that covers
    ``account_id`` with one of ``any_permission`` and all of ``all_permissions``, at ``true_at``.
    """

    resource_id: UUID
    body: Body
    third_party_id: UUID | None = None
    consent_id: UUID | None = None
    account_id: UUID | None = None
    any_permission: tuple[str, ...] = ()
    all_permissions: tuple[str, ...] = ()
    true_at: datetime | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class PublicEvent:
    """One thing that an endpoint can ask to be told; ``schema`` describes the member ``data``."""

    type: str
    about: str
    tell: Callable[[Any], News]
    schema: Body


def _consent_authorised(event: ConsentAuthorised) -> News:
    return _about_consent(event, status=ConsentStatus.AUTHORISED)


def _consent_ended(event: ConsentEnded) -> News:
    return _about_consent(event, status=ConsentStatus.ENDED, ended_by=str(event.ended_by))


def _consent_expired(event: ConsentExpired) -> News:
    return _about_consent(event, status=ConsentStatus.EXPIRED)


def _transaction_booked(event: TransactionBooked) -> News:
    return News(
        resource_id=event.account_id,
        account_id=event.account_id,
        any_permission=("ReadTransactionsBasic", "ReadTransactionsDetail"),
        all_permissions=("ReadTransactionsCredits" if event.direction == "credit" else "ReadTransactionsDebits",),
        true_at=event.booked_at,
        body={
            "account_id": event.account_id.hex,
            "transaction_id": event.transaction_id.hex,
            "booked_at": timestamp(event.booked_at),
            "links": {"transactions": _link(ACCOUNT_PATH, event.account_id) + "/transactions"},
        },
    )


def _balance_changed(event: BalanceMoved) -> News:
    return News(
        resource_id=event.account_id,
        account_id=event.account_id,
        any_permission=("ReadBalances",),
        body={
            "account_id": event.account_id.hex,
            "as_of": timestamp(event.as_of),
            "links": {"balances": _link(ACCOUNT_PATH, event.account_id) + "/balances"},
        },
    )


def _payment_status_updated(event: PaymentStatusUpdated) -> News:
    return News(
        resource_id=event.payment_id,
        third_party_id=event.third_party_id,
        consent_id=event.consent_id,
        body={
            "payment_id": event.payment_id.hex,
            "consent_id": event.consent_id.hex,
            "status": str(event.status),
            "reason_code": event.reason_code or None,
            "links": {"payment": _link(PAYMENT_PATH, event.payment_id)},
        },
    )


def timestamp(moment: datetime) -> str:
    """Write a moment as RFC 3339 in UTC, to the millisecond."""
    return moment.isoformat(timespec="milliseconds").replace("+00:00", "Z")


def _about_consent(event: ConsentAuthorised | ConsentEnded | ConsentExpired, **members: str) -> News:
    return News(
        resource_id=event.consent_id,
        third_party_id=event.third_party_id,
        consent_id=event.consent_id,
        body={
            "consent_id": event.consent_id.hex,
            "kind": str(event.kind),
            **members,
            "links": {"consent": _link(CONSENT_PATHS[ConsentKind(event.kind)], event.consent_id)},
        },
    )


def _link(path: str, identifier: UUID) -> str:
    return str(settings.BASE_URL) + path.format(identifier.hex)


def _body_schema(optional: Mapping[str, Body] | None = None, **members: Body) -> Body:
    return {
        "type": "object",
        "properties": {**members, **(optional or {})},
        "required": list(members),
        "additionalProperties": False,
    }


def _links_schema(name: str) -> Body:
    link: Body = {"type": "string", "format": "uri"}
    return {"type": "object", "properties": {name: link}, "required": [name], "additionalProperties": False}


_ID: Body = {"type": "string", "pattern": "^[0-9a-f]{32}$"}
_IDS: Body = {"type": "array", "items": _ID, "minItems": 1}
_TIME: Body = {"type": "string", "format": "date-time"}
_KIND: Body = {"enum": list(ConsentKind.values)}

_ENDED = _body_schema(
    consent_id=_ID,
    kind=_KIND,
    status={"enum": ["ended", "expired"]},
    links=_links_schema("consent"),
    optional={"ended_by": {"enum": ["customer", "staff", "third_party"]}},
)

PUBLIC_EVENTS: Mapping[type[Event], PublicEvent] = {
    ConsentAuthorised: PublicEvent(
        type="consent.authorised",
        about="A customer said yes to one of your consents.",
        tell=_consent_authorised,
        schema=_body_schema(consent_id=_ID, kind=_KIND, status={"const": "authorised"}, links=_links_schema("consent")),
    ),
    ConsentEnded: PublicEvent(
        type="consent.ended",
        about="One of your consents was taken back; nothing can be read under it any more.",
        tell=_consent_ended,
        schema=_ENDED,
    ),
    ConsentExpired: PublicEvent(
        type="consent.ended",
        about="One of your consents has expired; nothing can be read under it any more.",
        tell=_consent_expired,
        schema=_ENDED,
    ),
    TransactionBooked: PublicEvent(
        type="transaction.booked",
        about="A transaction was booked on an account that you may read the transactions of.",
        tell=_transaction_booked,
        schema=_body_schema(
            account_id=_ID,
            transaction_id=_ID,
            booked_at=_TIME,
            consent_ids=_IDS,
            links=_links_schema("transactions"),
        ),
    ),
    BalanceMoved: PublicEvent(
        type="balance.changed",
        about="The balance changed of an account that you may read the balances of.",
        tell=_balance_changed,
        schema=_body_schema(account_id=_ID, as_of=_TIME, consent_ids=_IDS, links=_links_schema("balances")),
    ),
    PaymentStatusUpdated: PublicEvent(
        type="payment.status.updated",
        about="The bank has news of a payment that you made.",
        tell=_payment_status_updated,
        schema=_body_schema(
            payment_id=_ID,
            consent_id=_ID,
            status={"type": "string", "pattern": "^[A-Z]{4}$", "description": "ISO 20022 payment status"},
            reason_code={"type": ["string", "null"], "description": "ISO 20022 reason, if the bank gave one"},
            links=_links_schema("payment"),
        ),
    ),
}
"""Internal event → what is told of it."""

EVENT_TYPES = tuple(dict.fromkeys(public.type for public in PUBLIC_EVENTS.values()))
"""All public names, in the table's order."""
