"""Reads of consents: for third parties, customers, the bank's staff, and rooms above."""

from collections.abc import Collection, Sequence
from uuid import UUID

from django.db.models import QuerySet

from consents.errors import ConsentNotFound
from consents.models import Consent, ConsentAccount
from consents.states import ConsentKind, EndedBy
from oauth.access import Caller


def get_consent_for_third_party(*, caller: Caller, consent_id: UUID, kind: ConsentKind) -> Consent:
    """
    Return a consent that the caller lodged; for a payment, its terms are read with it.

    :raises ConsentNotFound: if it does not exist, is another's, is of another kind, or was deleted by the caller.
    """
    found = (
        Consent.objects.filter(id=consent_id, third_party_id=caller.third_party_id, kind=kind)
        .exclude(ended_by=EndedBy.THIRD_PARTY)
        .select_related("terms")
        .first()
    )
    if found is None:
        raise ConsentNotFound(consent_id=consent_id)
    return found


def get_consent_for_customer(*, customer_id: UUID, consent_id: UUID) -> Consent:
    """
    Return a consent that the customer answered.

    :raises ConsentNotFound: if it does not exist or another customer answered it.
    """
    found = _with_names().filter(id=consent_id, customer_id=customer_id).first()
    if found is None:
        raise ConsentNotFound(consent_id=consent_id)
    return found


def get_requested_consent(*, consent_id: UUID) -> Consent:
    """
    Return the consent that an authorisation request names.

    :raises ConsentNotFound: if there is no such consent.
    """
    found = _with_names().filter(id=consent_id).first()
    if found is None:
        raise ConsentNotFound(consent_id=consent_id)
    return found


def list_customer_consents(*, customer_id: UUID, limit: int = 200) -> Sequence[Consent]:
    """Return the customer's consents, newest first, with the third party's name and the terms of payments."""
    return list(_with_names().filter(customer_id=customer_id).order_by("-id")[:limit])


def list_account_ids(*, consent_id: UUID) -> list[UUID]:
    """Return the accounts that a consent covers, sorted."""
    return sorted(ConsentAccount.objects.filter(consent_id=consent_id).values_list("account_id", flat=True))


def list_consent_ids_covering(*, account_ids: Collection[UUID], limit: int = 1000) -> list[UUID]:
    """Return consents of any state that cover one of the accounts, newest first."""
    rows = ConsentAccount.objects.filter(account_id__in=account_ids).order_by("-consent_id")
    return list(rows.values_list("consent_id", flat=True).distinct()[:limit])


def _with_names() -> QuerySet[Consent]:
    return Consent.objects.select_related("third_party", "terms")
