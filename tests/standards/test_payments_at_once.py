"""Twenty calls at once make one payment."""

from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from uuid import uuid4

import pytest
from django.db import connection

from payments.models import Payment
from tests.support.builders.accounts import an_account
from tests.support.builders.consents import a_customer
from tests.support.builders.uk import PISP, Answer, a_payment_consent_body, a_third_party, an_order_body, call

pytestmark = pytest.mark.django_db(transaction=True)
CALLS = 20
BODY = a_payment_consent_body()


@pytest.fixture
def pay() -> Callable[[str], Answer]:
    """Return a function that makes the payment of one approved consent under an idempotency key."""
    third_party, customer = a_third_party(), a_customer()
    consent_id = third_party.lodge_payment(BODY)
    token = third_party.approved(consent_id, customer, an_account(party_id=customer.party_id))
    order = an_order_body(consent_id, BODY)

    def pay(key: str) -> Answer:
        try:
            return call("POST", f"{PISP}/domestic-payments", token, order, x_idempotency_key=key)
        finally:
            connection.close()

    return pay


def test_twenty_calls_with_one_key_get_one_payment(pay):
    with ThreadPoolExecutor(CALLS) as pool:
        answers = list(pool.map(pay, ["the-key"] * CALLS))

    assert {answer.status for answer in answers} == {201}
    assert {answer.body["Data"]["DomesticPaymentId"] for answer in answers} == {Payment.objects.get().id.hex}


def test_twenty_calls_with_twenty_keys_make_one_payment_and_nineteen_refusals(pay):
    with ThreadPoolExecutor(CALLS) as pool:
        answers = list(pool.map(pay, [uuid4().hex for _ in range(CALLS)]))

    assert sorted(answer.status for answer in answers) == [201, *([400] * (CALLS - 1))]
    assert {answer.faults[0] for answer in answers if answer.status == 400} == {("U009", None)}
    assert Payment.objects.count() == 1
