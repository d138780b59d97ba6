"""Bodies are refused with all their faults, each with the standard's code and exact path."""

from copy import deepcopy
from datetime import timedelta
from typing import Any

import pytest

from standards.uk.account_access import read_account_access
from standards.uk.codes import ErrorCode
from standards.uk.dates import read_filter, read_instant, write_instant
from standards.uk.domestic_payments import ensure_as_consented, read_payment_terms
from standards.uk.errors import Refused
from standards.uk.validation import ensure_valid
from standards.uk.versions import V4_0
from tests.support.builders.uk import a_payment_consent_body, an_account_access_body
from tests.support.official import assert_fits

ACCESS, PAYMENT = "AccountAccessConsent", "DomesticPaymentConsent"


def _change(body: dict[str, Any], path: str, value: Any) -> dict[str, Any]:
    """Return a copy with another value at ``path``; ``...`` takes the member away."""
    changed = deepcopy(body)
    *steps, last = path.split(".")
    place = changed
    for step in steps:
        place = place[step]
    if value is ...:
        del place[last]
    else:
        place[last] = value
    return changed


def _faults(check: Any) -> list[tuple[str, str]]:
    with pytest.raises(Refused) as refused:
        check()
    return [(fault.code.code, fault.path) for fault in refused.value.faults]


def _schema_faults(body: dict[str, Any], schema: str) -> list[tuple[str, str]]:
    return _faults(lambda: ensure_valid(body, schema=schema, version=V4_0))


def test_what_we_build_in_tests_is_what_the_standard_takes():
    assert_fits(an_account_access_body(), "CreateAccountAccessConsents")
    assert_fits(a_payment_consent_body(), "CreateDomesticPaymentConsents")
    ensure_valid(an_account_access_body(), schema=ACCESS, version=V4_0)
    ensure_valid(a_payment_consent_body(), schema=PAYMENT, version=V4_0)


@pytest.mark.parametrize(
    ("path", "value", "code", "told"),
    [
        ("Risk", ..., "U004", "Risk"),
        ("Data.Permissions", ..., "U004", "Data.Permissions"),
        ("Data.Permissions", [], "U002", "Data.Permissions"),
        ("Data.Permissions", "ReadBalances", "U002", "Data.Permissions"),
        ("Data.Permissions", ["ReadEverything"], "U002", "Data.Permissions[0]"),
        ("Data.Permissions", ["ReadBalances", 1], "U002", "Data.Permissions[1]"),
        ("Data.Status", "AUTH", "U005", "Data.Status"),
        ("Risk", {"a": 1}, "U005", "Risk.a"),
        ("Data.ExpirationDateTime", "tomorrow", "U003", "Data.ExpirationDateTime"),
        ("Data.ExpirationDateTime", "2027-01-01T00:00:00", "U003", "Data.ExpirationDateTime"),
        ("Data.ExpirationDateTime", 1, "U002", "Data.ExpirationDateTime"),
        ("Data", [], "U002", "Data"),
    ],
)
def test_a_fault_in_an_access_request_is_told_where_it_is(path, value, code, told):
    assert _schema_faults(_change(an_account_access_body(), path, value), ACCESS) == [(code, told)]


@pytest.mark.parametrize(
    ("path", "value", "code", "told"),
    [
        ("Data.Initiation.InstructedAmount.Amount", "1,50", "U002", None),
        ("Data.Initiation.InstructedAmount.Amount", 1.5, "U002", None),
        ("Data.Initiation.InstructedAmount.Amount", "-1.50", "U002", None),
        ("Data.Initiation.InstructedAmount.Amount", "1.50\n", "U002", None),
        ("Data.Initiation.InstructedAmount.Amount", "1" * 14, "U002", None),
        ("Data.Initiation.InstructedAmount.Amount", ..., "U004", None),
        ("Data.Initiation.InstructedAmount.Currency", "gbp", "U002", None),
        ("Data.Initiation.EndToEndIdentification", "x" * 36, "U002", None),
        ("Data.Initiation.EndToEndIdentification", "", "U002", None),
        ("Data.Initiation.CreditorAccount.Name", ..., "U004", None),
        ("Data.Initiation.CreditorAccount.Colour", "blue", "U005", None),
        (
            "Data.Initiation.CreditorPostalAddress",
            {"Country": "gb"},
            "U002",
            "Data.Initiation.CreditorPostalAddress.Country",
        ),
        ("Data.Authorisation", {"AuthorisationType": "All"}, "U002", "Data.Authorisation.AuthorisationType"),
        ("Risk.PaymentContextCode", "ForFun", "U002", None),
        ("Data.ConsentId", "1", "U005", None),
    ],
)
def test_a_fault_in_a_payment_request_is_told_where_it_is(path, value, code, told):
    assert _schema_faults(_change(a_payment_consent_body(), path, value), PAYMENT) == [(code, told or path)]


def test_all_faults_are_told_at_once():
    body = _change(_change(a_payment_consent_body(), "Risk", ...), "Data.Initiation.InstructedAmount.Currency", "x")

    assert _schema_faults(body, PAYMENT) == [
        ("U002", "Data.Initiation.InstructedAmount.Currency"),
        ("U004", "Risk"),
    ]


@pytest.mark.parametrize(
    "permissions",
    [
        ["ReadBalances"],
        ["ReadAccountsBasic", "ReadTransactionsBasic"],
        ["ReadAccountsBasic", "ReadTransactionsDetail"],
        ["ReadAccountsBasic", "ReadTransactionsCredits"],
        ["ReadAccountsBasic", "ReadTransactionsDebits", "ReadBalances"],
    ],
)
def test_permissions_that_need_another_are_refused(now, permissions):
    body = an_account_access_body(Permissions=permissions)

    assert _faults(lambda: read_account_access(body, now=now)) == [("U001", "Data.Permissions")]


@pytest.mark.parametrize(
    "permissions",
    [
        ["ReadAccountsBasic"],
        ["ReadAccountsDetail", "ReadAccountsBasic", "ReadPAN"],
        ["ReadAccountsBasic", "ReadTransactionsBasic", "ReadTransactionsCredits"],
        ["ReadAccountsDetail", "ReadTransactionsDetail", "ReadTransactionsDebits", "ReadTransactionsCredits"],
    ],
)
def test_permissions_that_make_sense_together_are_taken(now, permissions):
    terms = read_account_access(an_account_access_body(Permissions=permissions), now=now)

    assert terms.permissions == set(permissions)


def test_an_end_in_the_past_is_refused(now):
    body = an_account_access_body(ExpirationDateTime=write_instant(now))

    assert _faults(lambda: read_account_access(body, now=now)) == [("U003", "Data.ExpirationDateTime")]


def test_a_period_that_ends_before_it_begins_is_refused(now):
    body = an_account_access_body(
        TransactionFromDateTime="2026-02-01T00:00:00Z", TransactionToDateTime="2026-01-31T23:59:59+00:00"
    )

    assert _faults(lambda: read_account_access(body, now=now)) == [("U003", "Data.TransactionToDateTime")]


@pytest.mark.parametrize(
    "impossible",
    ["2026-06-30T23:59:60Z", "0000-01-01T00:00:00Z", "9999-12-31T23:59:59-23:00", "0001-01-01T00:00:00+01:00"],
)
def test_a_moment_that_our_calendar_does_not_have_is_refused(now, impossible):
    body = an_account_access_body(TransactionFromDateTime=impossible)

    assert _faults(lambda: read_account_access(body, now=now)) == [("U003", "Data.TransactionFromDateTime")]


@pytest.mark.parametrize(
    ("path", "value", "code"),
    [
        ("InstructedAmount.Amount", "0.00", "U002"),
        ("InstructedAmount.Amount", "1.005", "U002"),
        ("InstructedAmount.Currency", "EUR", "U023"),
        ("InstructedAmount.Currency", "XXX", "U023"),
        ("CreditorAccount.SchemeName", "UK.OBIE.Paym", "U027"),
        ("CreditorAccount.SchemeName", "Anything", "U027"),
        ("CreditorAccount.Identification", "0901261234567", "U021"),
        ("CreditorAccount.Identification", "09-01-2612345678", "U021"),
        ("LocalInstrument", "UK.OBIE.CHAPS", "U026"),
    ],
)
def test_a_payment_that_the_bank_does_not_make_is_refused(now, path, value, code):
    body = _change(a_payment_consent_body(), f"Data.Initiation.{path}", value)

    assert _faults(lambda: read_payment_terms(body, now=now)) == [(code, f"Data.Initiation.{path}")]


@pytest.mark.parametrize("text", ["Hollin\nSons", "\u202esnoS & nilloH", "Hollin\u200b & Sons", "\x07"])
def test_a_payee_or_reference_that_would_not_look_as_it_is_is_refused(now, text):
    body = _change(a_payment_consent_body(), "Data.Initiation.CreditorAccount.Name", text)
    body = _change(body, "Data.Initiation.RemittanceInformation", {"Unstructured": [text]})

    assert _faults(lambda: read_payment_terms(body, now=now)) == [
        ("U002", "Data.Initiation.CreditorAccount.Name"),
        ("U002", "Data.Initiation.RemittanceInformation"),
    ]


@pytest.mark.parametrize(("iban", "is_good"), [("GB33BUKB20201555555555", True), ("GB33BUKB20201555555556", False)])
def test_an_iban_has_the_right_check_digits(now, iban, is_good):
    account = {"SchemeName": "UK.OBIE.IBAN", "Identification": iban, "Name": "Ada"}
    body = _change(a_payment_consent_body(), "Data.Initiation.CreditorAccount", account)

    if is_good:
        assert read_payment_terms(body, now=now).creditor_identification == iban
    else:
        assert _faults(lambda: read_payment_terms(body, now=now)) == [
            ("U021", "Data.Initiation.CreditorAccount.Identification")
        ]


def test_two_authorisers_and_a_deadline_in_the_past_are_refused(now):
    authorisation = {"AuthorisationType": "Multiple", "CompletionDateTime": write_instant(now - timedelta(hours=1))}
    body = _change(a_payment_consent_body(), "Data.Authorisation", authorisation)

    assert _faults(lambda: read_payment_terms(body, now=now)) == [
        ("U002", "Data.Authorisation.AuthorisationType"),
        ("U003", "Data.Authorisation.CompletionDateTime"),
    ]


def test_terms_are_minor_units_and_the_line_that_the_payee_reads(now):
    terms = read_payment_terms(a_payment_consent_body(), now=now)

    assert (terms.amount_minor, terms.currency, terms.reference) == (1_050, "GBP", "Invoice 7")


@pytest.mark.parametrize(
    ("path", "value"),
    [
        ("Data.Initiation.InstructedAmount.Amount", "10.51"),
        ("Data.Initiation.InstructedAmount.Currency", "EUR"),
        ("Data.Initiation.CreditorAccount.Identification", "09012699999999"),
        ("Data.Initiation.CreditorAccount.Name", "Somebody else"),
        ("Data.Initiation.EndToEndIdentification", "other"),
        ("Data.Initiation.RemittanceInformation", ...),
        ("Data.Initiation.LocalInstrument", "UK.OBIE.FPS"),
        ("Risk.PaymentContextCode", "Other"),
        ("Risk.ContractPresentIndicator", True),
    ],
)
def test_an_order_that_differs_from_its_consent_is_refused_at_the_first_difference(path, value):
    lodged = a_payment_consent_body()
    order = _change(lodged, path, value)

    assert _faults(lambda: ensure_as_consented(order, lodged)) == [(ErrorCode.CONSENT_MISMATCH.code, path)]


@pytest.mark.parametrize("amount", ["10.5", "10.50", "010.500", "10.50000"])
def test_amounts_compare_as_numbers(amount):
    lodged = a_payment_consent_body()

    ensure_as_consented(_change(lodged, "Data.Initiation.InstructedAmount.Amount", amount), lodged)


@pytest.mark.parametrize(
    ("text", "instant"),
    [
        ("2026-01-31", "2026-01-31T00:00:00Z"),
        ("2026-01-31T10:15", "2026-01-31T10:15:00Z"),
        ("2026-01-31T10:15:30", "2026-01-31T10:15:30Z"),
        ("2026-01-31T10:15:30Z", "2026-01-31T10:15:30Z"),
        ("2026-01-31T10:15:30.5+02:00", "2026-01-31T10:15:30.500000Z"),
        ("2026-01-31T10:15:30 02:00", "2026-01-31T10:15:30Z"),
    ],
)
def test_a_filter_ignores_the_zone_and_may_lack_the_time(text, instant):
    assert write_instant(read_filter(text)) == instant


@pytest.mark.parametrize(
    "text", ["", "yesterday", "2026-13-01", "2026-02-30", "01/02/2026", "2026-01-31T25:00", "\x00"]
)
def test_a_filter_that_is_no_date_is_refused(text):
    with pytest.raises(ValueError, match=r"."):
        read_filter(text)


def test_an_instant_is_read_in_its_zone_and_to_the_microsecond():
    assert write_instant(read_instant("2026-07-01t12:00:00.1234567899+01:00")) == "2026-07-01T11:00:00.123456Z"
