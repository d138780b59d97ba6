"""A payment is made once: however often it is asked for, with whatever key, however parallel."""

from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from threading import Barrier
from typing import Any
from uuid import uuid4

import pytest
from django.db import connections

from bankcore.events import AccountStatus
from consents.models import Consent
from consents.states import ConsentStatus
from edge.idempotency import KeyReused, hash_body
from kernel.states import IllegalTransition
from payments.errors import DebtorAccountUnavailable, PaymentNotFound
from payments.models import Payment
from payments.selectors import get_payment
from payments.services import apply_core_reports, submit_payment
from payments.states import PaymentStatus
from tests.support.builders.accounts import an_account
from tests.support.builders.payments import a_payment, a_payment_grant, a_report


def _submit(grant, now, *, key="key-1", body=None):
    body = body or {"Data": {"ConsentId": grant.consent_id.hex}}
    return submit_payment(grant=grant, lodged=body, idempotency_key=key, body_hash=hash_body(body), now=now)


@pytest.mark.django_db
def test_what_is_paid_are_the_terms_that_the_customer_approved(now, recorded):
    grant = a_payment_grant(amount_minor=4_200, creditor_name="Mill Tea Rooms")
    payment = _submit(grant, now)

    assert payment.status == PaymentStatus.RCVD
    assert payment.created_at == payment.status_updated_at == now
    (submitted,) = recorded("payment.events.v1")
    (instructed,) = recorded("payment.commands.v1")
    assert submitted["type"] == "payments.payment.submitted"
    assert submitted["consent_id"] == str(grant.consent_id)
    assert instructed["payment_id"] == str(payment.id)
    assert instructed["amount_minor"] == 4_200
    assert instructed["creditor_name"] == "Mill Tea Rooms"
    assert instructed["debtor_sort_code"] == "090126"
    assert Consent.objects.get(id=grant.consent_id).status == ConsentStatus.USED


@pytest.mark.django_db
def test_the_same_key_and_body_give_the_same_payment_in_its_present_state(now, recorded):
    grant = a_payment_grant()
    first = _submit(grant, now)
    apply_core_reports(reports=[a_report(first.id, "ACSC")])

    again = _submit(grant, now)

    assert again.id == first.id
    assert again.status == PaymentStatus.ACSC
    assert len(recorded("payment.commands.v1")) == 1


@pytest.mark.django_db
def test_the_same_key_with_another_body_is_refused_and_alters_nothing(now, recorded):
    grant = a_payment_grant()
    first = _submit(grant, now)

    with pytest.raises(KeyReused):
        _submit(grant, now, body={"Data": {"ConsentId": "another"}})

    assert list(Payment.objects.values_list("id", flat=True)) == [first.id]
    assert len(recorded("payment.commands.v1")) == 1


@pytest.mark.django_db
def test_a_consent_serves_one_payment(now):
    grant = a_payment_grant()
    _submit(grant, now, key="key-1")

    with pytest.raises(IllegalTransition):
        _submit(grant, now, key="key-2")

    assert Payment.objects.count() == 1


@pytest.mark.django_db
def test_a_refused_key_may_be_used_again(now):
    grant = a_payment_grant()
    Consent.objects.filter(id=grant.consent_id).update(status=ConsentStatus.AWAITING_AUTHORISATION)
    with pytest.raises(IllegalTransition):
        _submit(grant, now)
    Consent.objects.filter(id=grant.consent_id).update(status=ConsentStatus.AUTHORISED)

    assert _submit(grant, now).status == PaymentStatus.RCVD


@pytest.mark.django_db
@pytest.mark.parametrize("is_known", [True, False])
def test_nothing_is_paid_from_a_closed_or_unknown_account_and_the_approval_is_kept(now, is_known):
    account_id = an_account(status=AccountStatus.CLOSED) if is_known else uuid4()
    grant = a_payment_grant(debtor_account_id=account_id)

    with pytest.raises(DebtorAccountUnavailable):
        _submit(grant, now)

    assert not Payment.objects.exists()
    assert Consent.objects.get(id=grant.consent_id).status == ConsentStatus.AUTHORISED


@pytest.mark.django_db
def test_another_third_party_does_not_find_the_payment():
    payment = a_payment()
    stranger = a_payment_grant().caller

    with pytest.raises(PaymentNotFound):
        get_payment(caller=stranger, payment_id=payment.id)


@pytest.mark.django_db(transaction=True)
def test_twenty_at_once_under_one_key_get_one_payment(now, recorded):
    grant = a_payment_grant()
    payments = _at_once(20, lambda _: _submit(grant, now))

    assert len({payment.id for payment in payments}) == 1
    assert Payment.objects.count() == 1
    assert len(recorded("payment.commands.v1")) == 1


@pytest.mark.django_db(transaction=True)
def test_twenty_at_once_under_different_keys_make_one_payment(now, recorded):
    grant = a_payment_grant()
    results = _at_once(20, lambda n: _submit(grant, now, key=f"key-{n}"))

    assert sorted(type(result).__name__ for result in results) == ["IllegalTransition"] * 19 + ["Payment"]
    assert Payment.objects.count() == 1
    assert len(recorded("payment.commands.v1")) == 1


def _at_once(number: int, call: Callable[[int], object]) -> list[Any]:
    """Start calls together, each on its own connection; exceptions come back as values."""
    barrier = Barrier(number)

    def one(n: int) -> object:
        barrier.wait()
        try:
            return call(n)
        except Exception as error:
            return error
        finally:
            connections.close_all()

    with ThreadPoolExecutor(number) as threads:
        return list(threads.map(one, range(number)))
