"""A consent is taken back: by its customer, by the third party, or by the bank."""

from datetime import datetime
from uuid import UUID

from django.db import transaction

from consents.errors import ConsentNotFound, ReasonMissing
from consents.events import ConsentEnded
from consents.models import Consent
from consents.services.locking import MOVED, lock_consent, move
from consents.states import ConsentStatus, EndedBy
from oauth import services as oauth_services
from streaming import outbox


@transaction.atomic
def end_consent(
    *, consent_id: UUID, reason: str, ended_by: EndedBy | str, now: datetime, customer_id: UUID | None = None
) -> Consent:
    """
    End a consent, its authorisations and its tokens in one commit: the next call is refused.

    Name ``customer_id`` when a customer asks: the consent must then be theirs.

    :raises ReasonMissing: if no reason is given.
    :raises ConsentNotFound: if there is no such consent, or it is not the customer's.
    :raises IllegalTransition: if it is over already, or is a payment's, which cannot be taken back.
    """
    if not reason.strip():
        raise ReasonMissing
    consent = lock_consent(consent_id)
    if customer_id is not None and consent.customer_id != customer_id:
        raise ConsentNotFound(consent_id=consent_id)
    move(consent, ConsentStatus.ENDED, now=now)
    consent.ended_by = EndedBy(ended_by)
    consent.end_reason = reason.strip()
    consent.save(update_fields=[*MOVED, "ended_by", "end_reason"])
    oauth_services.revoke_authorizations(consent_id=consent.id, now=now)
    outbox.record(
        ConsentEnded(
            occurred_at=now,
            consent_id=consent.id,
            third_party_id=consent.third_party_id,
            customer_id=consent.customer_id,
            kind=consent.kind,
            ended_by=consent.ended_by,
            reason=consent.end_reason,
        )
    )
    return consent
