"""
The customer answers: yes or no, once, bound to the authorisation request that brought them here.

Each answer is one transaction: the consent is locked and moved, the request is used up, the code is
issued, and the fact is recorded. Either all of it holds or nothing does.
"""

from collections.abc import Collection
from datetime import datetime
from uuid import UUID

from django.db import transaction

from consents.deadlines import PAYMENT_USE_WITHIN
from consents.errors import AccountNotOwned, NoAccountChosen, NotWhatWasShown, WrongCustomer
from consents.events import ConsentAuthorised, ConsentRejected
from consents.linking import is_what_was_shown
from consents.models import Consent, ConsentAccount, PaymentTerms
from consents.ports import account_directory
from consents.services.locking import MOVED, lock_consent, move
from consents.states import ConsentKind, ConsentStatus
from oauth import selectors as oauth_selectors
from oauth import services as oauth_services
from streaming import outbox


@transaction.atomic
def authorise_account_access(
    *,
    request_id: UUID,
    customer_id: UUID,
    account_ids: Collection[UUID],
    acr: str,
    auth_time: datetime,
    now: datetime,
) -> str:
    """
    Record the customer's yes to these accounts; returns the address that leads back to the third party.

    :raises NoAccountChosen: if no account was chosen.
    :raises WrongCustomer: if another customer owns the consent.
    :raises AccountNotOwned: if one of the accounts is not theirs to share.
    :raises IllegalTransition: if the consent was already answered, or is over.
    """
    if not account_ids:
        raise NoAccountChosen
    consent = _lock_requested(request_id, kind=ConsentKind.ACCOUNT_ACCESS, customer_id=customer_id, now=now)
    _ensure_owned(account_ids, customer_id=customer_id)
    _authorise(consent, customer_id=customer_id, account_ids=account_ids, now=now)
    return oauth_services.approve_request(
        request_id=request_id, user_id=customer_id, acr=acr, auth_time=auth_time, now=now
    )


@transaction.atomic
def authorise_single_payment(
    *,
    request_id: UUID,
    customer_id: UUID,
    account_id: UUID,
    shown: str,
    acr: str,
    auth_time: datetime,
    now: datetime,
) -> str:
    """
    Record the customer's yes to one payment from one account; returns the address back to the third party.

    ``shown`` is the mark of :mod:`consents.linking` over the data that the customer saw.

    :raises WrongCustomer: if another customer owns the consent.
    :raises NotWhatWasShown: if the mark is of other data, or of another customer.
    :raises AccountNotOwned: if the account is not theirs, or not the one that the third party named.
    :raises IllegalTransition: if the consent was already answered, or is over.
    """
    consent = _lock_requested(request_id, kind=ConsentKind.SINGLE_PAYMENT, customer_id=customer_id, now=now)
    terms = PaymentTerms.objects.get(consent=consent)
    if not is_what_was_shown(shown, terms=terms, customer_id=customer_id):
        raise NotWhatWasShown(consent_id=consent.id)
    _ensure_owned([account_id], customer_id=customer_id)
    _ensure_named(account_id, terms=terms)
    _authorise(consent, customer_id=customer_id, account_ids=[account_id], now=now)
    return oauth_services.approve_request(
        request_id=request_id, user_id=customer_id, acr=acr, auth_time=auth_time, now=now
    )


@transaction.atomic
def reject_consent(*, request_id: UUID, customer_id: UUID, now: datetime) -> str:
    """
    Record the customer's no; returns the address that leads back to the third party.

    :raises WrongCustomer: if another customer owns the consent.
    :raises IllegalTransition: if it was already answered, or is over.
    """
    consent = _lock_requested(request_id, kind=None, customer_id=customer_id, now=now)
    move(consent, ConsentStatus.REJECTED, now=now)
    consent.customer_id = customer_id
    consent.save(update_fields=[*MOVED, "customer"])
    outbox.record(
        ConsentRejected(
            occurred_at=now,
            consent_id=consent.id,
            third_party_id=consent.third_party_id,
            customer_id=customer_id,
            kind=consent.kind,
        )
    )
    return oauth_services.refuse_request(request_id=request_id, error="access_denied", now=now)


def _lock_requested(request_id: UUID, *, kind: ConsentKind | None, customer_id: UUID, now: datetime) -> Consent:
    """Lock the consent that the request names, for the customer who may answer it."""
    request = oauth_selectors.get_pushed_request(request_id=request_id, now=now)
    consent = lock_consent(request.consent_id, kind=kind)
    if consent.customer_id not in {None, customer_id}:
        raise WrongCustomer(consent_id=consent.id)
    return consent


def _ensure_owned(account_ids: Collection[UUID], *, customer_id: UUID) -> None:
    asked = frozenset(account_ids)
    if account_directory().owned(customer_id=customer_id, account_ids=asked) != asked:
        raise AccountNotOwned


def _ensure_named(account_id: UUID, *, terms: PaymentTerms) -> None:
    """Hold the customer to the account that the third party named, if it named one."""
    if not terms.debtor_identification:
        return
    named = account_directory().identified(scheme=terms.debtor_scheme, identification=terms.debtor_identification)
    if named != account_id:
        raise AccountNotOwned


def _authorise(consent: Consent, *, customer_id: UUID, account_ids: Collection[UUID], now: datetime) -> None:
    move(consent, ConsentStatus.AUTHORISED, now=now)
    consent.customer_id = customer_id
    consent.authorised_at = now
    changed = [*MOVED, "customer", "authorised_at"]
    if consent.kind == ConsentKind.SINGLE_PAYMENT and consent.expires_at is not None:
        consent.expires_at = min(consent.expires_at, now + PAYMENT_USE_WITHIN)
        changed.append("expires_at")
    consent.save(update_fields=changed)
    chosen = sorted(frozenset(account_ids))
    ConsentAccount.objects.bulk_create(ConsentAccount(consent=consent, account_id=chosen_id) for chosen_id in chosen)
    outbox.record(
        ConsentAuthorised(
            occurred_at=now,
            consent_id=consent.id,
            third_party_id=consent.third_party_id,
            customer_id=customer_id,
            kind=consent.kind,
            account_ids=tuple(chosen),
            permissions=tuple(consent.permissions),
        )
    )
