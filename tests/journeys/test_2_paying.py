"""Chapter 2: a customer approves a payment, and it is made once."""

from concurrent.futures import ThreadPoolExecutor

import pytest

from portal.obctl.client import PISP
from portal.obctl.errors import Refused
from tests.journeys.statements import count_debits
from tests.support.official import assert_fits
from tests.support.waiting import wait_for

pytestmark = [pytest.mark.processes, pytest.mark.xdist_group("journeys")]

DONE = {"ACSC", "ACCC"}


def test_an_approved_payment_is_booked_and_appears_among_the_transactions(platform, account_access):
    client = _approved(platform, amount="21.09")

    answer = client.pay()
    payment_id = answer["Data"]["DomesticPaymentId"]
    wait_for(lambda: client.get_payment(payment_id)["Data"]["Status"] in DONE)

    assert_fits(answer, "CreateDomesticPayments", status=201)
    assert_fits(client.get_payment(payment_id), "GetDomesticPaymentsDomesticPaymentId", status=200)
    assert wait_for(lambda: count_debits(account_access, "21.09")) == 1


def test_a_payment_that_is_repeated_in_parallel_is_made_once(platform, account_access):
    client = _approved(platform, amount="31.17")

    with ThreadPoolExecutor(20) as pool:
        answers = list(pool.map(lambda _: client.pay(idempotency_key="the-same"), range(20)))
    payment_ids = {answer["Data"]["DomesticPaymentId"] for answer in answers}
    assert len(payment_ids) == 1
    wait_for(lambda: client.get_payment(min(payment_ids))["Data"]["Status"] in DONE)

    assert wait_for(lambda: count_debits(account_access, "31.17")) == 1


def test_a_payment_without_funds_is_rejected_with_the_cores_reason(platform):
    client = _approved(platform, amount="99999.00")

    payment_id = client.pay()["Data"]["DomesticPaymentId"]

    wait_for(lambda: client.get_payment(payment_id)["Data"]["Status"] == "RJCT")


def test_a_used_consent_pays_no_second_time(platform):
    client = _approved(platform, amount="1.23")
    client.pay(idempotency_key="first")

    with pytest.raises(Refused) as refusal:
        client.pay(idempotency_key="second")
    assert refusal.value.status in {400, 401, 403}


def test_what_was_approved_cannot_be_changed_afterwards(platform):
    client = _approved(platform, amount="2.34")
    granted = client.profile.grants["single_payment"]
    granted.lodged["Data"]["Initiation"]["InstructedAmount"]["Amount"] = "2000.00"

    with pytest.raises(Refused) as refusal:
        client.pay()
    assert refusal.value.status == 400
    assert "U008" in refusal.value.body


def test_another_third_party_learns_nothing_of_a_payment(platform):
    client = _approved(platform, amount="3.45")
    payment_id = client.pay()["Data"]["DomesticPaymentId"]
    stranger = platform.register("Stranger")

    refusals = []
    for known in (payment_id, "0" * 32):
        with pytest.raises(Refused) as refusal:
            stranger.get(f"{PISP}/domestic-payments/{known}")
        refusals.append((refusal.value.status, "U011" in refusal.value.body))
    assert refusals == [(400, True), (400, True)]


def _approved(platform, *, amount):
    client = platform.register()
    request = client.push(client.lodge_payment_consent(amount=amount))
    client.exchange(request, client.authorise(request, platform.customer("psu.happy")))
    return client
