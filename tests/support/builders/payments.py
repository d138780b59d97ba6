"""Payments, from the customer's approval on."""

from dataclasses import replace
from datetime import UTC, datetime
from itertools import count
from typing import Any
from uuid import UUID, uuid4

from bankcore.events import PaymentReported
from consents.access import Grant
from consents.models import Consent, ConsentAccount
from consents.services import PaymentTermsInput, lodge_single_payment
from consents.states import ConsentKind, ConsentStatus
from edge.idempotency import hash_body
from oauth.access import Caller
from payments.models import Payment
from payments.services import submit_payment
from tests.support.builders.accounts import an_account
from tests.support.builders.oauth import a_client, a_customer

APPROVED_AT = datetime(2026, 11, 23, 14, 0, tzinfo=UTC)
_versions = count(1)


def a_payment_grant(*, debtor_account_id: UUID | None = None, **changes: Any) -> Grant:
    """Return the grant of a payment that its customer approved; ``changes`` are of its terms."""
    customer, client = a_customer(), a_client(now=APPROVED_AT)
    account_id = debtor_account_id or an_account(party_id=customer.party_id)
    caller = Caller(third_party_id=client.third_party_id, client_id=client.client_id, scopes=frozenset({"payments"}))
    consent = lodge_single_payment(
        caller=caller,
        face="uk",
        face_version="4.0.1",
        lodged={"Data": {}},
        terms=replace(_TERMS, **changes),
        idempotency_key=uuid4().hex,
        body_hash=hash_body({}),
        now=APPROVED_AT,
    )
    Consent.objects.filter(id=consent.id).update(
        status=ConsentStatus.AUTHORISED, customer=customer, authorised_at=APPROVED_AT
    )
    ConsentAccount.objects.create(consent=consent, account_id=account_id)
    return Grant(
        caller=caller,
        consent_id=consent.id,
        kind=ConsentKind.SINGLE_PAYMENT,
        status=ConsentStatus.AUTHORISED,
        customer_id=customer.id,
        permissions=frozenset(),
        account_ids=frozenset({account_id}),
    )


_TERMS = PaymentTermsInput(
    amount_minor=16_588,
    currency="GBP",
    creditor_name="ACME Cycles",
    creditor_scheme="UK.OBIE.SortCodeAccountNumber",
    creditor_identification="08080021325698",
    end_to_end_identification="E2E-1",
    instruction_identification="INSTR-1",
    reference="FRESCO-101",
)


def a_payment(*, grant: Grant | None = None, now: datetime = APPROVED_AT) -> Payment:
    """Make a payment that the core has not answered yet."""
    return submit_payment(
        grant=grant or a_payment_grant(),
        lodged={"Data": {}},
        idempotency_key=uuid4().hex,
        body_hash=hash_body({}),
        now=now,
    )


def a_report(payment_id: UUID, status: str, **changes: Any) -> PaymentReported:
    """Return the core's word about a payment, newer than all that was built before."""
    event = PaymentReported(
        occurred_at=APPROVED_AT,
        source_version=next(_versions),
        is_snapshot=False,
        payment_id=payment_id,
        status=status,
        reason_code=None,
        reason_text=None,
        core_reference="CORE-1",
    )
    return replace(event, **changes)
