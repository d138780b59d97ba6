"""``/account-access-consents``."""

from datetime import timedelta
from uuid import uuid4

import pytest

from consents import services
from consents.states import EndedBy
from kernel import clock
from standards.uk.dates import write_instant
from tests.support.builders.uk import AISP, an_account_access_body, call
from tests.support.official import assert_fits

PATH = f"{AISP}/account-access-consents"


def test_a_lodged_request_waits_for_its_customer_and_is_repeated_to_the_letter(third_party):
    end = write_instant(clock.now() + timedelta(days=90))
    body = an_account_access_body(ExpirationDateTime=end, TransactionFromDateTime="2025-01-01T00:00:00+01:00")

    answer = call("POST", PATH, third_party.own_token(), body)

    assert answer.status == 201
    assert_fits(answer.body, "CreateAccountAccessConsents", status=201)
    data = answer.body["Data"]
    assert data["Status"] == "AWAU"
    assert {name: data[name] for name in body["Data"]} == body["Data"]
    assert answer.body["Links"]["Self"] == f"http://testserver{PATH}/{data['ConsentId']}"
    assert len(data["ConsentId"]) == 32


def test_a_lodged_request_can_be_read_again(third_party):
    token = third_party.own_token()
    lodged = call("POST", PATH, token, an_account_access_body())

    answer = call("GET", f"{PATH}/{lodged.body['Data']['ConsentId']}", token)

    assert answer.status == 200
    assert_fits(answer.body, "GetAccountAccessConsentsConsentId", status=200)
    assert answer.body == lodged.body


def test_an_approved_request_says_so(third_party, customer, account_id):
    consent_id = third_party.lodge_access()
    third_party.approved(consent_id, customer, account_id)

    data = call("GET", f"{PATH}/{consent_id}", third_party.own_token()).body["Data"]

    assert data["Status"] == "AUTH"
    assert "StatusReason" not in data


def test_what_the_customer_ended_reads_as_cancelled(third_party, customer, account_id):
    consent_id = third_party.lodge_access()
    token = third_party.approved(consent_id, customer, account_id)
    services.end_consent(consent_id=consent_id, reason="No more.", ended_by=EndedBy.CUSTOMER, now=clock.now())

    answer = call("GET", f"{PATH}/{consent_id}", third_party.own_token())

    assert_fits(answer.body, "GetAccountAccessConsentsConsentId", status=200)
    assert answer.body["Data"]["Status"] == "CANC"
    assert answer.body["Data"]["StatusReason"][0]["StatusReasonCode"] == "CN01"
    assert call("GET", f"{AISP}/accounts", token).status == 401


def test_a_deleted_consent_is_gone_and_its_token_is_dead(third_party, customer, account_id):
    consent_id = third_party.lodge_access()
    token = third_party.approved(consent_id, customer, account_id)
    assert call("GET", f"{AISP}/accounts", token).status == 200

    deleted = call("DELETE", f"{PATH}/{consent_id}", third_party.own_token())

    assert (deleted.status, deleted.content) == (204, b"")
    assert call("GET", f"{AISP}/accounts", token).status == 401
    for method in ("GET", "DELETE"):
        again = call(method, f"{PATH}/{consent_id}", third_party.own_token())
        assert (again.status, again.faults) == (400, [("U011", None)])


@pytest.mark.parametrize("method", ["GET", "DELETE"])
def test_a_foreign_and_an_unknown_and_an_impossible_id_get_the_same_answer(third_party, stranger, method):
    foreign = stranger.lodge_access()
    token = third_party.own_token()

    answers = [
        call(method, f"{PATH}/{consent_id}", token)
        for consent_id in (foreign, uuid4().hex, str(uuid4()), "x", "%00", "a" * 2000, foreign.upper() + "é")
    ]

    assert {(answer.status, answer.content) for answer in answers} == {(400, answers[0].content)}
    assert answers[0].faults == [("U011", None)]


def test_a_payment_s_consent_is_unknown_here(third_party):
    assert call("GET", f"{PATH}/{third_party.lodge_payment()}", third_party.own_token()).status == 400


def test_a_repeated_post_lodges_another_request(third_party):
    assert third_party.lodge_access() != third_party.lodge_access()


def test_faults_are_told_with_code_and_path(third_party):
    body = an_account_access_body(Permissions=["ReadBalances", "ReadMinds"], Status="AUTH")

    answer = call("POST", PATH, third_party.own_token(), body)

    assert answer.status == 400
    assert_fits(answer.body, "CreateAccountAccessConsents", status=400)
    assert answer.faults == [("U002", "Data.Permissions[1]"), ("U005", "Data.Status")]


def test_a_request_that_nobody_answered_in_time_reads_as_expired_before_any_job_comes_by(third_party):
    consent_id = third_party.lodge_access()
    clock.shift_by(lambda: timedelta(hours=25))
    try:
        data = call("GET", f"{PATH}/{consent_id}", third_party.own_token()).body["Data"]
    finally:
        clock.shift_by(None)

    assert data["Status"] == "EXPD"
