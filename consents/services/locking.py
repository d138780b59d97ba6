"""The one way to take hold of a consent before changing it."""

from datetime import datetime
from uuid import UUID

from consents.errors import ConsentNotFound, WrongKind
from consents.models import Consent
from consents.states import ConsentKind, ConsentStatus, lifecycle_of
from kernel.states import IllegalTransition


def lock_consent(consent_id: UUID, *, kind: ConsentKind | None = None) -> Consent:
    """
    Lock a consent until the transaction ends.

    :raises ConsentNotFound: if there is no such consent.
    :raises WrongKind: if it is of another kind than the caller says.
    """
    consent = Consent.objects.select_for_update().filter(id=consent_id).first()
    if consent is None:
        raise ConsentNotFound(consent_id=consent_id)
    if kind is not None and consent.kind != kind:
        raise WrongKind(consent_id=consent_id)
    return consent


def move(consent: Consent, target: ConsentStatus, *, now: datetime) -> None:
    """
    Move a locked consent in memory, stamping what belongs to the move; the caller saves it.

    A consent whose time is over may only expire, also before the expiry job has come by.

    :raises IllegalTransition: if the life cycle has no such move.
    """
    lifecycle = lifecycle_of(consent.kind)
    lifecycle.ensure(ConsentStatus(consent.status), target)
    if consent.is_past_its_end(now) and target in {ConsentStatus.AUTHORISED, ConsentStatus.USED}:
        raise IllegalTransition(source=consent.status, target=str(target), expires_at=consent.expires_at)
    consent.status = target
    consent.status_updated_at = now
    if target in lifecycle.final:
        consent.ended_at = now


MOVED = ("status", "status_updated_at", "ended_at")
"""The columns that :func:`move` sets."""
