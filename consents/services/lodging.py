"""A third party asks: the consent is lodged and waits for its customer."""

from collections.abc import Collection, Mapping
from dataclasses import asdict, dataclass
from datetime import datetime
from typing import Any

from django.db import transaction

from consents.deadlines import ANSWER_WITHIN
from consents.errors import AlreadyLapsed, InvalidPermissions
from consents.events import ConsentLodged
from consents.models import Consent, PaymentTerms
from consents.states import ConsentKind, ConsentStatus
from edge import idempotency
from kernel import context
from kernel.identifiers import new_id
from oauth.access import Caller
from streaming import outbox

LODGE_PAYMENT = "consents.lodge_single_payment"
"""The operation's name among the idempotency keys."""


@dataclass(frozen=True, slots=True, kw_only=True)
class PaymentTermsInput:
    """What a payment consent asks for; the amount is positive, in minor units."""

    amount_minor: int
    currency: str
    creditor_name: str
    creditor_scheme: str
    creditor_identification: str
    end_to_end_identification: str
    instruction_identification: str
    debtor_scheme: str = ""
    debtor_identification: str = ""
    reference: str = ""


@transaction.atomic
def lodge_account_access(
    *,
    caller: Caller,
    face: str,
    face_version: str,
    lodged: Mapping[str, Any],
    permissions: Collection[str],
    expires_at: datetime | None,
    transactions_from: datetime | None = None,
    transactions_to: datetime | None = None,
    now: datetime,
) -> Consent:
    """
    Lodge a request for account access as the face received it.

    :raises InvalidPermissions: if no permission is asked for.
    :raises AlreadyLapsed: if the consent would be over before it began.
    """
    if not permissions:
        raise InvalidPermissions
    if expires_at is not None and expires_at <= now:
        raise AlreadyLapsed
    consent = Consent.objects.create(
        kind=ConsentKind.ACCOUNT_ACCESS,
        permissions=sorted(set(permissions)),
        expires_at=expires_at,
        transactions_from=transactions_from,
        transactions_to=transactions_to,
        **_common(caller=caller, face=face, face_version=face_version, lodged=lodged, now=now),
    )
    _record_lodged(consent, now=now)
    return consent


@transaction.atomic
def lodge_single_payment(
    *,
    caller: Caller,
    face: str,
    face_version: str,
    lodged: Mapping[str, Any],
    terms: PaymentTermsInput,
    idempotency_key: str,
    body_hash: bytes,
    now: datetime,
) -> Consent:
    """
    Lodge a request for one payment; the same key and body give the same consent again.

    :raises KeyReused: if the idempotency key was used with another body.
    """
    consent_id = new_id()
    first_id = idempotency.claim(
        third_party_id=caller.third_party_id,
        operation=LODGE_PAYMENT,
        key=idempotency_key,
        body_hash=body_hash,
        resource_id=consent_id,
        now=now,
    )
    if first_id is not None:
        return Consent.objects.select_related("terms").get(id=first_id)
    consent = Consent.objects.create(
        id=consent_id,
        kind=ConsentKind.SINGLE_PAYMENT,
        expires_at=now + ANSWER_WITHIN,
        **_common(caller=caller, face=face, face_version=face_version, lodged=lodged, now=now),
    )
    PaymentTerms.objects.create(consent=consent, **asdict(terms))
    _record_lodged(consent, now=now)
    return consent


def _common(
    *, caller: Caller, face: str, face_version: str, lodged: Mapping[str, Any], now: datetime
) -> dict[str, Any]:
    """Return what consents of every kind are lodged with."""
    return {
        "status": ConsentStatus.AWAITING_AUTHORISATION,
        "third_party_id": caller.third_party_id,
        "client_id": caller.client_id,
        "face": face,
        "face_version": face_version,
        "lodged": dict(lodged),
        "created_at": now,
        "status_updated_at": now,
    }


def _record_lodged(consent: Consent, *, now: datetime) -> None:
    with context.acting(actor=f"third-party:{consent.third_party_id}"):
        outbox.record(
            ConsentLodged(
                occurred_at=now,
                consent_id=consent.id,
                third_party_id=consent.third_party_id,
                customer_id=None,
                kind=consent.kind,
                permissions=tuple(consent.permissions),
            )
        )
