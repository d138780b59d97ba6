"""``/domestic-payment-consents`` and ``/domestic-payments``."""

from copy import deepcopy
from typing import Any
from uuid import UUID, uuid4

import pytest

from consents.deadlines import ANSWER_WITHIN
from consents.services import expire_due_consents
from kernel import clock
from payments.models import Payment
from payments.services import apply_core_reports
from tests.support.builders.payments import a_report
from tests.support.builders.uk import PISP, Answer, a_payment_consent_body, an_order_body, call
from tests.support.official import assert_fits

CONSENTS, ORDERS = f"{PISP}/domestic-payment-consents", f"{PISP}/domestic-payments"
BODY = a_payment_consent_body()


@pytest.fixture
def consent_id(third_party):
    return third_party.lodge_payment(BODY)


@pytest.fixture
def token(third_party, consent_id, customer, account_id):
    return third_party.approved(consent_id, customer, account_id)


@pytest.fixture
def order(consent_id):
    return an_order_body(consent_id, BODY)


def _pay(token: str, order: dict[str, Any], key: str = "order-1") -> Answer:
    return call("POST", ORDERS, token, order, x_idempotency_key=key)


def _changed(order: dict[str, Any], amount: str = "10.51") -> dict[str, Any]:
    changed = deepcopy(order)
    changed["Data"]["Initiation"]["InstructedAmount"]["Amount"] = amount
    return changed


def test_a_lodged_payment_waits_for_its_customer_and_is_repeated_to_the_letter(third_party):
    answer = call("POST", CONSENTS, third_party.own_token("payments"), BODY, x_idempotency_key="a key")

    assert answer.status == 201
    assert_fits(answer.body, "CreateDomesticPaymentConsents", status=201)
    assert answer.body["Data"]["Status"] == "AWAU"
    assert answer.body["Data"]["Initiation"] == BODY["Data"]["Initiation"]
    assert answer.body["Risk"] == BODY["Risk"]
    again = call("GET", f"{CONSENTS}/{answer.body['Data']['ConsentId']}", third_party.own_token("payments"))
    assert_fits(again.body, "GetDomesticPaymentConsentsConsentId", status=200)
    assert again.body == answer.body


def test_the_same_key_and_body_lodge_one_consent_and_another_body_none(third_party):
    first = third_party.lodge_payment(BODY, key="k")
    token = third_party.own_token("payments")

    same = call("POST", CONSENTS, token, BODY, x_idempotency_key="k")
    other = call("POST", CONSENTS, token, a_payment_consent_body(EndToEndIdentification="2"), x_idempotency_key="k")

    assert (same.status, same.body["Data"]["ConsentId"]) == (201, first)
    assert (other.status, other.faults) == (422, [("U029", "x-idempotency-key")])
    assert_fits(other.body, "CreateDomesticPaymentConsents", status=422)


def test_keys_of_two_third_parties_are_independent(third_party, stranger):
    assert third_party.lodge_payment(BODY, key="k") != stranger.lodge_payment(BODY, key="k")


@pytest.mark.parametrize("key", [None, "", "x" * 41, " x", "x ", "x\ty", "é"])
@pytest.mark.parametrize("path", [CONSENTS, ORDERS])
def test_an_idempotency_key_is_mandatory_and_well_formed(third_party, token, order, path, key):
    bearer, body = (third_party.own_token("payments"), BODY) if path == CONSENTS else (token, order)

    answer = call("POST", path, bearer, body, **({} if key is None else {"x_idempotency_key": key}))

    assert (answer.status, answer.faults) == (400, [("U007" if key is None else "U006", "x-idempotency-key")])


@pytest.mark.parametrize("key", ["x", "x" * 40, "with blank", "~!@#$%^&*()"])
def test_a_key_may_be_any_text_of_forty_characters(third_party, key):
    assert third_party.lodge_payment(BODY, key=key)


def test_an_approved_payment_is_made(token, order, consent_id, account_id):
    answer = _pay(token, order)

    assert answer.status == 201
    assert_fits(answer.body, "CreateDomesticPayments", status=201)
    data = answer.body["Data"]
    assert (data["Status"], data["ConsentId"]) == ("RCVD", consent_id)
    assert data["Initiation"] == BODY["Data"]["Initiation"]
    assert answer.body["Links"]["Self"] == f"http://testserver{ORDERS}/{data['DomesticPaymentId']}"
    assert len(data["DomesticPaymentId"]) == 32
    payment = Payment.objects.get()
    assert (payment.amount_minor, payment.debtor_account_id) == (1_050, account_id)


def test_the_consent_of_a_payment_that_was_made_is_consumed(third_party, token, order, consent_id):
    _pay(token, order)

    answer = call("GET", f"{CONSENTS}/{consent_id}", third_party.own_token("payments"))

    assert_fits(answer.body, "GetDomesticPaymentConsentsConsentId", status=200)
    assert answer.body["Data"]["Status"] == "COND"


def test_a_payment_shows_what_the_core_reported(third_party, token, order):
    payment_id = _pay(token, order).body["Data"]["DomesticPaymentId"]
    for status, reason in (("ACSP", None), ("RJCT", "AM04")):
        report = a_report(UUID(payment_id), status, reason_code=reason, reason_text=reason and "Not enough money.")
        apply_core_reports(reports=[report])

        answer = call("GET", f"{ORDERS}/{payment_id}", third_party.own_token("payments"))

        assert answer.status == 200
        assert_fits(answer.body, "GetDomesticPaymentsDomesticPaymentId", status=200)
        assert answer.body["Data"]["Status"] == status

    assert answer.body["Data"]["StatusReason"] == [
        {"StatusReasonCode": "AM04", "StatusReasonDescription": "Not enough money."}
    ]


@pytest.mark.parametrize("is_asked", ["Yes", "No"])
def test_the_account_to_refund_is_told_to_who_asked_for_it(third_party, customer, account_id, is_asked):
    body = a_payment_consent_body()
    body["Data"]["ReadRefundAccount"] = is_asked
    consent_id = third_party.lodge_payment(body)
    token = third_party.approved(consent_id, customer, account_id)

    made = _pay(token, an_order_body(consent_id, body))
    read = call("GET", f"{ORDERS}/{made.body['Data']['DomesticPaymentId']}", third_party.own_token("payments"))

    assert_fits(made.body, "CreateDomesticPayments", status=201)
    assert made.body == read.body
    assert made.body["Data"].get("Refund", {}).get("Account", {}).get("Name") == (
        "Ada Norris" if is_asked == "Yes" else None
    )


def test_the_same_key_and_body_give_the_same_payment_in_its_present_state(token, order):
    first = _pay(token, order)
    payment_id = first.body["Data"]["DomesticPaymentId"]
    apply_core_reports(reports=[a_report(UUID(payment_id), "ACSC")])

    again = _pay(token, order)

    assert again.status == 201
    assert (again.body["Data"]["DomesticPaymentId"], again.body["Data"]["Status"]) == (payment_id, "ACSC")
    assert Payment.objects.count() == 1


def test_another_body_under_the_same_key_is_refused_and_alters_nothing(token, order):
    made = _pay(token, order)

    answer = _pay(token, _changed(order))

    assert (answer.status, answer.faults) == (422, [("U029", "x-idempotency-key")])
    assert Payment.objects.get().id.hex == made.body["Data"]["DomesticPaymentId"]
    assert Payment.objects.get().amount_minor == 1_050


def test_a_consent_pays_once(token, order):
    _pay(token, order)

    answer = _pay(token, order, key="order-2")

    assert (answer.status, answer.faults) == (400, [("U009", None)])
    assert Payment.objects.count() == 1


@pytest.mark.parametrize(
    ("path", "value"),
    [
        ("Data.Initiation.InstructedAmount.Amount", "10.51"),
        ("Data.Initiation.CreditorAccount.Identification", "09012699999999"),
        ("Data.Initiation.EndToEndIdentification", "E2E-2"),
        ("Risk.PaymentContextCode", "Other"),
    ],
)
def test_an_order_that_is_not_the_consent_s_books_nothing(token, order, path, value):
    *steps, last = path.split(".")
    place = order
    for step in steps:
        place = place[step]
    place[last] = value

    answer = _pay(token, order)

    assert (answer.status, answer.faults) == (400, [("U008", path)])
    assert not Payment.objects.exists()


def test_an_amount_may_be_written_otherwise_if_it_is_the_same_number(token, order):
    assert _pay(token, _changed(order, "10.5")).status == 201


@pytest.mark.parametrize("other", ["foreign", "unknown"])
def test_the_token_of_one_consent_does_not_pay_another(third_party, token, order, other):
    order["Data"]["ConsentId"] = third_party.lodge_payment(BODY) if other == "foreign" else uuid4().hex

    answer = _pay(token, order)

    assert (answer.status, answer.faults) == (400, [("U008", "Data.ConsentId")])


def test_a_client_s_own_token_pays_nothing(third_party, order):
    assert _pay(third_party.own_token("payments"), order).status == 401


def test_a_token_for_accounts_pays_nothing(third_party, customer, account_id, order):
    token = third_party.approved(third_party.lodge_access(), customer, account_id)

    assert _pay(token, order).status == 403


def test_a_foreign_and_an_unknown_payment_get_the_same_answer(third_party, stranger, token, order):
    payment_id = _pay(token, order).body["Data"]["DomesticPaymentId"]
    bearer = stranger.own_token("payments")

    answers = [
        call("GET", f"{ORDERS}/{one}", bearer)
        for one in (payment_id, uuid4().hex, str(uuid4()), "x", "%00", "' OR 1=1 --")
    ]

    assert {(answer.status, answer.content) for answer in answers} == {(400, answers[0].content)}
    assert answers[0].faults == [("U011", None)]


def test_a_payment_consent_that_nobody_answered_in_time_reads_as_rejected(third_party, consent_id):
    expire_due_consents(now=clock.now() + ANSWER_WITHIN * 2)

    answer = call("GET", f"{CONSENTS}/{consent_id}", third_party.own_token("payments"))

    assert_fits(answer.body, "GetDomesticPaymentConsentsConsentId", status=200)
    assert answer.body["Data"]["Status"] == "RJCT"
    assert answer.body["Data"]["StatusReason"][0]["StatusReasonCode"] == "TKXP"


def test_everything_that_the_standard_lets_a_payment_say_is_taken(third_party):
    body = a_payment_consent_body(
        LocalInstrument="UK.OBIE.FPS",
        DebtorAccount={
            "SchemeName": "UK.OBIE.SortCodeAccountNumber",
            "Identification": "09012611112222",
            "Name": "Ada Norris",
            "SecondaryIdentification": "0002",
            "Proxy": {"Identification": "441234012345", "Code": "TELE", "Type": "Telephone"},
        },
        CreditorAgent={"SchemeName": "UK.OBIE.BICFI", "Identification": "ABCDGB2L", "LEI": "IZ9Q00LZEVUKWCQY6X15"},
        CreditorPostalAddress={"AddressType": "BIZZ", "TownName": "Leeds", "Country": "GB", "AddressLine": ["1 Mill"]},
        UltimateCreditor={"Name": "Pennine Group", "LEI": "60450004FECVJV7YN339"},
        UltimateDebtor={"Name": "Ada Norris"},
        RegulatoryReporting=[{"DebitCreditReportingIndicator": "CRED", "Authority": {"CountryCode": "GB"}}],
        RemittanceInformation={"Structured": [{"CreditorReferenceInformation": {"Code": "SCOR", "Reference": "R1"}}]},
        SupplementaryData={"anything": [1, 2.5, {"goes": None}]},
    )
    body["Data"] |= {
        "ReadRefundAccount": "No",
        "Authorisation": {"AuthorisationType": "Single"},
        "SCASupportData": {"AppliedAuthenticationApproach": "SCA"},
    }
    body["Risk"] |= {"MerchantCategoryCode": "5411", "PaymentPurposeCode": "GDDS", "DeliveryAddress": {"Country": "GB"}}
    assert_fits(body, "CreateDomesticPaymentConsents")

    answer = call("POST", CONSENTS, third_party.own_token("payments"), body, x_idempotency_key="k")

    assert answer.status == 201
    assert_fits(answer.body, "CreateDomesticPaymentConsents", status=201)
    assert {name: answer.body["Data"][name] for name in body["Data"]} == body["Data"]
