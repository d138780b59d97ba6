"""A payment consent serves its one payment."""

from datetime import datetime
from uuid import UUID

from django.db import transaction

from consents.events import ConsentUsed
from consents.models import Consent
from consents.services.locking import MOVED, lock_consent, move
from consents.states import ConsentKind, ConsentStatus
from streaming import outbox


@transaction.atomic
def use_consent(*, consent_id: UUID, now: datetime) -> Consent:
    """
    Use up a payment consent, inside the transaction that makes the payment; returns it locked.

    Of calls made at once, one uses it; the others wait for that one and are refused.

    :raises ConsentNotFound: if there is no such consent.
    :raises WrongKind: if it is not a payment's.
    :raises IllegalTransition: if it is not authorised, was used before, or is over.
    """
    consent = lock_consent(consent_id, kind=ConsentKind.SINGLE_PAYMENT)
    move(consent, ConsentStatus.USED, now=now)
    assert consent.customer_id is not None, "only a customer can have authorised it"
    consent.save(update_fields=MOVED)
    outbox.record(
        ConsentUsed(
            occurred_at=now,
            consent_id=consent.id,
            third_party_id=consent.third_party_id,
            customer_id=consent.customer_id,
            kind=ConsentKind.SINGLE_PAYMENT,
        )
    )
    return consent
