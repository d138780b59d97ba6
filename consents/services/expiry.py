"""Time runs out: for consents at their end, and for those that nobody answered."""

from datetime import datetime

from django.db import transaction
from django.db.models import Q

from consents.deadlines import ANSWER_WITHIN
from consents.events import ConsentExpired
from consents.models import Consent
from consents.services.locking import MOVED, move
from consents.states import ConsentStatus
from oauth import services as oauth_services
from streaming import outbox


@transaction.atomic
def expire_due_consents(*, now: datetime, limit: int = 500) -> int:
    """
    Expire up to ``limit`` consents whose time is over; returns how many.

    Rows that somebody else holds are left for the next turn, so that two runs at once never wait.
    The gate looks at the clock itself: this job only writes down what already holds.
    """
    due = list(Consent.objects.select_for_update(skip_locked=True).filter(_is_due(now)).order_by("id")[:limit])
    for consent in due:
        move(consent, ConsentStatus.EXPIRED, now=now)
        oauth_services.revoke_authorizations(consent_id=consent.id, now=now)
    Consent.objects.bulk_update(due, MOVED)
    outbox.record_many(
        [
            ConsentExpired(
                occurred_at=now,
                consent_id=consent.id,
                third_party_id=consent.third_party_id,
                customer_id=consent.customer_id,
                kind=consent.kind,
            )
            for consent in due
        ]
    )
    return len(due)


def _is_due(now: datetime) -> Q:
    awaits = Q(status=ConsentStatus.AWAITING_AUTHORISATION)
    is_at_its_end = Q(expires_at__lte=now) & (awaits | Q(status=ConsentStatus.AUTHORISED))
    return is_at_its_end | (awaits & Q(created_at__lte=now - ANSWER_WITHIN))
