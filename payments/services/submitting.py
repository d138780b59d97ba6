"""A third party makes the payment that a customer approved: once, however often and however parallel it asks."""

from datetime import datetime
from typing import TYPE_CHECKING, Any
from uuid import UUID

from django.db import transaction

from accounts import selectors as account_selectors
from accounts.errors import AccountNotFound
from accounts.selectors import DebtorAccount
from bankcore.ports import PaymentInstruction, payment_core
from consents import services as consent_services
from consents.access import Grant
from edge import idempotency
from kernel.identifiers import new_id
from payments.errors import DebtorAccountUnavailable
from payments.events import PaymentSubmitted
from payments.models import Payment
from streaming import outbox

if TYPE_CHECKING:
    from consents.models import Consent

OPERATION = "domestic-payments"
"""Under this name the idempotency keys of single payments are remembered."""


@transaction.atomic
def submit_payment(
    *, grant: Grant, lodged: dict[str, Any], idempotency_key: str, body_hash: bytes, now: datetime
) -> Payment:
    """
    Make the payment of a consent and hand it to the core, in one transaction; repeat calls get the same payment.

    What is paid are the terms that the customer approved; ``lodged``, the body as received, is kept beside them.
    A call under a key that was used before gets the payment of the first call in its present state, also when the
    consent is used up by then; one that comes at the same time waits for the first.

    :raises KeyReused: if the key was used with another body; nothing is altered.
    :raises ConsentNotFound: if there is no such consent.
    :raises IllegalTransition: if the consent is not authorised, was used before, or is over.
    :raises DebtorAccountUnavailable: if the account to pay from is closed, or not known.
    """
    payment_id = new_id()
    first_payment_id = idempotency.claim(
        third_party_id=grant.caller.third_party_id,
        operation=OPERATION,
        key=idempotency_key,
        body_hash=body_hash,
        resource_id=payment_id,
        now=now,
    )
    if first_payment_id is not None:
        return Payment.objects.get(id=first_payment_id)

    consent = consent_services.use_consent(consent_id=grant.consent_id, now=now)
    debtor = _debtor_account(grant)
    payment = _create(payment_id, grant=grant, consent=consent, debtor=debtor, lodged=lodged, now=now)
    outbox.record(_submitted(payment))
    payment_core().submit(_instruction(payment, debtor=debtor))
    return payment


def _debtor_account(grant: Grant) -> DebtorAccount:
    """Return the one account that the customer chose to pay from."""
    (account_id,) = grant.account_ids
    try:
        debtor = account_selectors.get_debtor_account(account_id=account_id)
    except AccountNotFound:
        raise DebtorAccountUnavailable(account_id=account_id) from None
    if not debtor.is_open:
        raise DebtorAccountUnavailable(account_id=account_id)
    return debtor


def _create(
    payment_id: UUID, *, grant: Grant, consent: "Consent", debtor: DebtorAccount, lodged: dict[str, Any], now: datetime
) -> Payment:
    terms = consent.terms
    return Payment.objects.create(
        id=payment_id,
        consent_id=consent.id,
        third_party_id=consent.third_party_id,
        client_id=consent.client_id,
        customer_id=grant.customer_id,
        debtor_account_id=debtor.account_id,
        amount_minor=terms.amount_minor,
        currency=terms.currency,
        creditor_name=terms.creditor_name,
        creditor_scheme=terms.creditor_scheme,
        creditor_identification=terms.creditor_identification,
        reference=terms.reference,
        end_to_end_identification=terms.end_to_end_identification,
        instruction_identification=terms.instruction_identification,
        lodged=lodged,
        created_at=now,
        status_updated_at=now,
    )


def _submitted(payment: Payment) -> PaymentSubmitted:
    return PaymentSubmitted(
        occurred_at=payment.created_at,
        payment_id=payment.id,
        third_party_id=payment.third_party_id,
        consent_id=payment.consent_id,
        customer_id=payment.customer_id,
        debtor_account_id=payment.debtor_account_id,
        amount_minor=payment.amount_minor,
        currency=payment.currency,
        creditor_name=payment.creditor_name,
        creditor_scheme=payment.creditor_scheme,
        creditor_identification=payment.creditor_identification,
        status=payment.status,
    )


def _instruction(payment: Payment, *, debtor: DebtorAccount) -> PaymentInstruction:
    return PaymentInstruction(
        payment_id=payment.id,
        debtor_account_id=debtor.account_id,
        debtor_sort_code=debtor.sort_code,
        debtor_account_number=debtor.account_number,
        amount_minor=payment.amount_minor,
        currency=payment.currency,
        creditor_name=payment.creditor_name,
        creditor_scheme=payment.creditor_scheme,
        creditor_identification=payment.creditor_identification,
        reference=payment.reference or None,
        end_to_end_identification=payment.end_to_end_identification,
        local_instrument=None,
        third_party_id=payment.third_party_id,
        consent_id=payment.consent_id,
        customer_id=payment.customer_id,
        instructed_at=payment.created_at,
    )
