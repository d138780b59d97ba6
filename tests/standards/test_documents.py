"""The stored documents are what the standard says, at every permission level."""

import json
from datetime import UTC, date, datetime
from typing import Any
from uuid import UUID

import pytest
from hypothesis import given
from hypothesis import strategies as st
from msgspec.structs import replace

from accounts.ports import AccountFields, BalanceFields, TransactionFields
from standards.uk.documents import mask_pan, render
from tests.support.official import assert_fits

ACCOUNT = AccountFields(
    account_id=UUID(int=1),
    sort_code="090126",
    account_number="12345678",
    iban="GB33BUKB20201555555555",
    pan=None,
    currency="GBP",
    kind="current",
    product_name="Everyday Account",
    nickname=None,
    holder_name="Ada Norris",
    status="open",
    opened_date=date(2020, 2, 29),
    closed_date=None,
)
CARD = replace(ACCOUNT, kind="credit_card", pan="5555555555554444", iban=None)
BALANCE = BalanceFields(
    account_id=UUID(int=1),
    currency="GBP",
    booked_minor=-1_050,
    available_minor=0,
    credit_limit_minor=None,
    as_of=datetime(2026, 11, 1, tzinfo=UTC),
)
TRANSACTION = TransactionFields(
    transaction_id=UUID(int=2),
    account_id=UUID(int=1),
    source_ref="T-1",
    status="booked",
    direction="debit",
    amount_minor=1_250,
    currency="GBP",
    booked_at=datetime(2026, 11, 1, 9, 30, tzinfo=UTC),
    value_at=datetime(2026, 11, 1, tzinfo=UTC),
    description="PENNINE BAKERY LEEDS",
    kind_code="CARD",
    domain_code="PMNT",
    family_code="CCRD",
    sub_family_code="POSD",
    merchant_name="Pennine Bakery",
    merchant_category_code="5462",
    counterparty_name="Pennine Bakery Ltd",
    counterparty_sort_code="090127",
    counterparty_account="87654321",
    reference="E2E-1",
    balance_after_minor=-1_050,
)
DETAIL_ONLY = {"TransactionInformation", "Balance", "MerchantDetails", "CreditorAccount", "DebtorAccount"}


def _assert_is_account(document: bytes) -> dict[str, Any]:
    account: dict[str, Any] = json.loads(document)
    assert_fits({"Data": {"Account": [account]}}, "GetAccounts", status=200)
    return account


def _assert_is_transaction(document: bytes) -> dict[str, Any]:
    transaction: dict[str, Any] = json.loads(document)
    assert_fits({"Data": {"Transaction": [transaction]}}, "GetAccountsAccountIdTransactions", status=200)
    return transaction


def test_an_account_in_basic_has_no_numbers_and_no_name():
    account = _assert_is_account(render.render_account(ACCOUNT).basic)

    assert account == {
        "AccountId": "0" * 31 + "1",
        "Status": "Enabled",
        "StatusUpdateDateTime": "2020-02-29T00:00:00Z",
        "Currency": "GBP",
        "AccountTypeCode": "CACC",
        "Description": "Everyday Account",
        "OpeningDate": "2020-02-29T00:00:00Z",
    }


def test_an_account_in_detail_has_its_numbers_and_its_holder():
    account = _assert_is_account(render.render_account(ACCOUNT).detail)

    assert account["Account"] == [
        {"SchemeName": "UK.OBIE.SortCodeAccountNumber", "Identification": "09012612345678", "Name": "Ada Norris"},
        {"SchemeName": "UK.OBIE.IBAN", "Identification": "GB33BUKB20201555555555", "Name": "Ada Norris"},
    ]
    assert render.render_account(ACCOUNT).detail_pan is None


def test_a_card_number_is_masked_but_for_those_who_may_read_it():
    documents = render.render_account(CARD)
    assert documents.detail_pan is not None

    masked, clear = _assert_is_account(documents.detail), _assert_is_account(documents.detail_pan)
    assert [number["Identification"] for number in masked["Account"]] == ["************4444"]
    assert [number["Identification"] for number in clear["Account"]] == ["5555555555554444"]
    assert b"555555555555" not in documents.detail + documents.basic


def test_a_closed_account_says_so_and_since_when():
    account = _assert_is_account(
        render.render_account(replace(ACCOUNT, status="closed", closed_date=date(2025, 1, 31))).basic
    )

    assert (account["Status"], account["StatusUpdateDateTime"]) == ("Deleted", "2025-01-31T00:00:00Z")


@pytest.mark.parametrize(("kind", "code"), [("current", "CACC"), ("savings", "SVGS"), ("credit_card", "CARD")])
def test_each_kind_of_account_has_its_code(kind, code):
    assert json.loads(render.render_account(replace(ACCOUNT, kind=kind)).basic)["AccountTypeCode"] == code


def test_a_mask_shows_the_last_four_digits():
    assert mask_pan("4111111111111111") == "************1111"
    assert mask_pan(None) is None


def test_balances_are_what_is_booked_and_what_is_available():
    balances = json.loads(b"[" + render.render_balances(replace(BALANCE, credit_limit_minor=50_000)) + b"]")
    assert_fits({"Data": {"Balance": balances}}, "GetAccountsAccountIdBalances", status=200)

    booked, available = balances
    assert (booked["Type"], booked["CreditDebitIndicator"], booked["Amount"]["Amount"]) == ("ITBD", "Debit", "10.50")
    assert (available["Type"], available["CreditDebitIndicator"], available["Amount"]["Amount"]) == (
        "ITAV",
        "Credit",
        "0.00",
    )
    assert available["CreditLine"] == [
        {"Included": True, "Type": "Pre-Agreed", "Amount": {"Amount": "500.00", "Currency": "GBP"}}
    ]
    assert "CreditLine" not in booked


def test_a_transaction_in_basic_has_no_field_of_detail():
    transaction = _assert_is_transaction(render.render_transaction(TRANSACTION).basic)

    assert not transaction.keys() & DETAIL_ONLY
    assert transaction["Amount"] == {"Amount": "12.50", "Currency": "GBP"}
    assert transaction["BankTransactionCode"] == {"Code": "CCRD", "SubCode": "POSD"}
    assert (transaction["Status"], transaction["TransactionMutability"]) == ("BOOK", "Immutable")


def test_a_transaction_in_detail_says_who_was_paid_and_what_was_left():
    transaction = _assert_is_transaction(render.render_transaction(TRANSACTION).detail)

    assert transaction.keys() >= DETAIL_ONLY - {"DebtorAccount"}
    assert transaction["Balance"]["CreditDebitIndicator"] == "Debit"
    assert transaction["CreditorAccount"] == {
        "SchemeName": "UK.OBIE.SortCodeAccountNumber",
        "Identification": "09012787654321",
        "Name": "Pennine Bakery Ltd",
    }


def test_of_money_that_came_in_the_other_side_is_the_debtor():
    transaction = _assert_is_transaction(render.render_transaction(replace(TRANSACTION, direction="credit")).detail)

    assert transaction["CreditDebitIndicator"] == "Credit"
    assert "DebtorAccount" in transaction
    assert "CreditorAccount" not in transaction


def test_what_is_pending_may_still_change():
    transaction = _assert_is_transaction(render.render_transaction(replace(TRANSACTION, status="pending")).basic)

    assert (transaction["Status"], transaction["TransactionMutability"]) == ("PDNG", "Mutable")


_text = st.text(st.characters(exclude_categories=["Cs"]), max_size=700)
_maybe = st.none() | _text


@given(description=_text, reference=_maybe, merchant_name=_maybe, counterparty_name=_maybe)
def test_whatever_the_core_writes_the_document_fits_the_standard(**fields):
    _assert_is_transaction(render.render_transaction(replace(TRANSACTION, **fields)).detail)


@given(product_name=_text, nickname=_maybe, holder_name=_text)
def test_whatever_an_account_is_called_the_document_fits_the_standard(**fields):
    _assert_is_account(render.render_account(replace(ACCOUNT, **fields)).detail)


def test_the_same_fields_give_the_same_bytes():
    assert render.render_transaction(TRANSACTION) == render.render_transaction(replace(TRANSACTION))
