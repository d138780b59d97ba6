"""Accounts, balances and transactions, as far as the customer permitted."""

import json
from datetime import datetime, timedelta
from urllib.parse import parse_qs, urlencode, urlsplit
from uuid import UUID, uuid4

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext

from bankcore.events import AccountKind, BookingStatus, Direction
from oauth.models import User
from tests.support.builders.accounts import LONG_AGO, a_transaction, an_account
from tests.support.builders.uk import AISP, ALL_BUT_PAN, ThirdParty, call
from tests.support.official import assert_fits


@pytest.fixture
def token(third_party, customer, account_id):
    return third_party.approved(third_party.lodge_access(), customer, account_id)


def _with_permissions(third_party: ThirdParty, customer: User, account_id: UUID, *permissions: str) -> str:
    asked = ["ReadAccountsBasic", *permissions]
    return third_party.approved(third_party.lodge_access(Permissions=asked), customer, account_id)


def test_the_chosen_accounts_are_listed(token, account_id):
    answer = call("GET", f"{AISP}/accounts", token)

    assert answer.status == 200
    assert_fits(answer.body, "GetAccounts", status=200)
    assert [account["AccountId"] for account in answer.body["Data"]["Account"]] == [account_id.hex]
    assert answer.body["Links"] == {"Self": f"http://testserver{AISP}/accounts"}
    assert answer.headers["cache-control"] == "no-store"
    assert answer.headers["content-type"] == "application/json; charset=utf-8"
    assert datetime.fromisoformat(answer.headers["x-as-of"]) == LONG_AGO


def test_one_account_is_read_as_a_list_of_one(token, account_id):
    answer = call("GET", f"{AISP}/accounts/{account_id.hex}", token)

    assert_fits(answer.body, "GetAccountsAccountId", status=200)
    assert answer.body["Data"]["Account"][0]["Account"][0]["Name"] == "Ada Norris"


def test_balances_are_read(token, account_id):
    answer = call("GET", f"{AISP}/accounts/{account_id.hex}/balances", token)

    assert_fits(answer.body, "GetAccountsAccountIdBalances", status=200)
    assert [balance["Type"] for balance in answer.body["Data"]["Balance"]] == ["ITBD", "ITAV"]


def test_an_account_without_movements_has_an_empty_page(token, account_id):
    answer = call("GET", f"{AISP}/accounts/{account_id.hex}/transactions", token)

    assert answer.status == 200
    assert_fits(answer.body, "GetAccountsAccountIdTransactions", status=200)
    assert answer.body["Data"]["Transaction"] == []
    assert answer.body["Links"].keys() == {"Self", "First"}


def test_pages_follow_each_other_without_gap_or_repetition_and_lead_back(token, account_id):
    for _ in range(230):
        a_transaction(account_id)
    pages, address = [], f"{AISP}/accounts/{account_id.hex}/transactions?fromBookingDateTime=2020-01-01"
    while address:
        answer = call("GET", address, token)
        assert_fits(answer.body, "GetAccountsAccountIdTransactions", status=200)
        assert answer.body["Links"]["Self"].endswith(address)
        pages.append(answer.body)
        address = answer.body["Links"].get("Next", "").removeprefix("http://testserver")

    ids = [[row["TransactionId"] for row in page["Data"]["Transaction"]] for page in pages]
    assert [len(page) for page in ids] == [100, 100, 30]
    assert len({one for page in ids for one in page}) == 230
    times = [row["BookingDateTime"] for page in pages for row in page["Data"]["Transaction"]]
    assert times == sorted(times, reverse=True)
    assert all("fromBookingDateTime=2020-01-01" in link for page in pages for link in page["Links"].values())

    back = call("GET", pages[2]["Links"]["Prev"].removeprefix("http://testserver"), token).body
    assert [row["TransactionId"] for row in back["Data"]["Transaction"]] == ids[1]
    first = call("GET", back["Links"]["Prev"].removeprefix("http://testserver"), token).body
    assert [row["TransactionId"] for row in first["Data"]["Transaction"]] == ids[0]
    assert "Prev" not in first["Links"]


def test_a_cursor_works_for_its_own_consent_account_and_filters_only(third_party, customer, account_id, token):
    other_account = an_account(party_id=customer.party_id)
    for _ in range(101):
        a_transaction(account_id)
    path = f"{AISP}/accounts/{account_id.hex}/transactions"
    following = call("GET", path, token).body["Links"]["Next"]
    cursor = parse_qs(urlsplit(following).query)["cursor"][0]
    both = third_party.approved(third_party.lodge_access(), customer, account_id, other_account)

    refused = [
        call("GET", f"{path}?{urlencode({'cursor': cursor})}", both),
        call("GET", f"{AISP}/accounts/{other_account.hex}/transactions?{urlencode({'cursor': cursor})}", both),
        call("GET", f"{path}?{urlencode({'cursor': cursor, 'toBookingDateTime': '2030-01-01'})}", token),
        call("GET", f"{path}?{urlencode({'cursor': cursor[:-2] + 'xx'})}", token),
        call("GET", f"{path}?cursor=", token),
        call("GET", f"{path}?cursor={cursor}&cursor={cursor}", token),
    ]

    assert {(answer.status, *answer.faults) for answer in refused} == {(400, ("U002", "cursor"))}


@pytest.mark.parametrize(
    ("filters", "expected"),
    [
        ({}, ["3", "2", "1"]),
        ({"fromBookingDateTime": "2026-03-02T00:00:00"}, ["3", "2"]),
        ({"fromBookingDateTime": "2026-03-02"}, ["3", "2"]),
        ({"toBookingDateTime": "2026-03-02T00:00:00"}, ["2", "1"]),
        ({"toBookingDateTime": "2026-03-02T00:00:00+05:00"}, ["2", "1"]),
        ({"fromBookingDateTime": "2026-03-02T00:00:01", "toBookingDateTime": "2026-03-02T23:59:59Z"}, []),
        ({"fromBookingDateTime": "2027-01-01", "toBookingDateTime": "2020-01-01"}, []),
        ({"toBookingDateTime": "9999-12-31T23:59:59.999999"}, ["3", "2", "1"]),
        ({"unknown": "ignored"}, ["3", "2", "1"]),
    ],
)
def test_filters_are_inclusive_and_ignore_the_zone(token, account_id, filters, expected):
    for day in (1, 2, 3):
        booked_at = datetime.fromisoformat(f"2026-03-0{day}T00:00:00+00:00")
        a_transaction(account_id, booked_at=booked_at, reference=str(day))

    answer = call("GET", f"{AISP}/accounts/{account_id.hex}/transactions?{urlencode(filters)}", token)

    assert [row["TransactionReference"] for row in answer.body["Data"]["Transaction"]] == expected


@pytest.mark.parametrize("name", ["fromBookingDateTime", "toBookingDateTime"])
@pytest.mark.parametrize("value", ["yesterday", "", "2026-02-30", "\x00", "2026-01-01&{name}=2026-01-02"])
def test_a_filter_that_is_no_date_is_refused(token, account_id, name, value):
    query = f"{name}={value}".replace("{name}", name)

    answer = call("GET", f"{AISP}/accounts/{account_id.hex}/transactions?{query}", token)

    assert (answer.status, answer.faults) == (400, [("U003", name)])


def test_the_consent_s_window_caps_what_is_read(third_party, customer, account_id):
    for day in (1, 2, 3):
        a_transaction(
            account_id, booked_at=datetime.fromisoformat(f"2026-03-0{day}T12:00:00+00:00"), reference=str(day)
        )
    window = {"TransactionFromDateTime": "2026-03-02T00:00:00Z", "TransactionToDateTime": "2026-03-03T00:00:00Z"}
    token = third_party.approved(third_party.lodge_access(**window), customer, account_id)

    answer = call("GET", f"{AISP}/accounts/{account_id.hex}/transactions?fromBookingDateTime=2020-01-01", token)

    assert [row["TransactionReference"] for row in answer.body["Data"]["Transaction"]] == ["2"]
    assert answer.body["Meta"]["FirstAvailableDateTime"] == "2026-03-02T00:00:00Z"


def test_credits_or_debits_alone_filter_the_rows(third_party, customer, account_id):
    a_transaction(account_id, direction=Direction.CREDIT)
    a_transaction(account_id, direction=Direction.DEBIT)
    a_transaction(account_id, direction=Direction.DEBIT, status=BookingStatus.PENDING)
    for permission, sides in (("ReadTransactionsCredits", ["Credit"]), ("ReadTransactionsDebits", ["Debit", "Debit"])):
        token = _with_permissions(third_party, customer, account_id, "ReadTransactionsBasic", permission)

        rows = call("GET", f"{AISP}/accounts/{account_id.hex}/transactions", token).body["Data"]["Transaction"]

        assert [row["CreditDebitIndicator"] for row in rows] == sides


def test_basic_shows_no_field_of_detail_anywhere(third_party, customer, account_id):
    a_transaction(account_id, balance_after_minor=1, counterparty_name="Ada", description="A SECRET")
    token = _with_permissions(
        third_party, customer, account_id, "ReadTransactionsBasic", "ReadTransactionsDebits", "ReadTransactionsCredits"
    )

    account = call("GET", f"{AISP}/accounts", token).body["Data"]["Account"][0]
    row = call("GET", f"{AISP}/accounts/{account_id.hex}/transactions", token).body["Data"]["Transaction"][0]

    assert not account.keys() & {"Account", "Servicer", "StatementFrequencyAndFormat"}
    assert not row.keys() & {
        "TransactionInformation", "Balance", "MerchantDetails", "CreditorAgent", "CreditorAccount", "DebtorAgent",
        "DebtorAccount", "UltimateCreditor", "UltimateDebtor",
    }  # fmt: skip


def test_a_card_number_is_masked_without_read_pan(third_party, customer):
    card = an_account(party_id=customer.party_id, kind=AccountKind.CREDIT_CARD, pan="5555555555554444")
    for permissions, shown in ((["ReadPAN"], "5555555555554444"), ([], "************4444")):
        token = _with_permissions(third_party, customer, card, "ReadAccountsDetail", *permissions)

        for path in (f"{AISP}/accounts", f"{AISP}/accounts/{card.hex}"):
            account = call("GET", path, token).body["Data"]["Account"][0]
            assert [number["Identification"] for number in account["Account"]] == [shown]


PERMISSION_OF_PATH = {
    "": {"ReadAccountsBasic", "ReadAccountsDetail"},
    "/{id}": {"ReadAccountsBasic", "ReadAccountsDetail"},
    "/{id}/balances": {"ReadBalances"},
    "/{id}/transactions": {"ReadTransactionsBasic", "ReadTransactionsDetail"},
}


@pytest.mark.parametrize("left_out", ["ReadBalances", "ReadTransactions"])
@pytest.mark.parametrize("path", PERMISSION_OF_PATH)
def test_each_address_needs_its_own_permission(third_party, customer, account_id, path, left_out):
    permissions = [code for code in ALL_BUT_PAN if not code.startswith(left_out)]
    token = third_party.approved(third_party.lodge_access(Permissions=permissions), customer, account_id)

    answer = call("GET", f"{AISP}/accounts{path.format(id=account_id.hex)}", token)

    if PERMISSION_OF_PATH[path] & set(permissions):
        assert answer.status == 200
    else:
        assert (answer.status, answer.faults) == (403, [("AG08", None)])
        assert_fits(answer.body, "GetAccountsAccountIdBalances", status=403)


@pytest.mark.parametrize("path", ["", "/balances", "/transactions"])
def test_an_unknown_a_foreign_and_an_unchosen_account_get_the_same_answer(token, customer, path):
    foreign, unchosen = an_account(party_id=uuid4()), an_account(party_id=customer.party_id)

    answers = [
        call("GET", f"{AISP}/accounts/{one}{path}", token)
        for one in (foreign.hex, unchosen.hex, uuid4().hex, str(uuid4()), "1", "%00", "é")
    ]

    assert {(answer.status, answer.content) for answer in answers} == {(403, answers[0].content)}


def test_a_closed_account_stays_among_the_others(third_party, customer, account_id):
    closed = an_account(party_id=customer.party_id)
    token = third_party.approved(third_party.lodge_access(), customer, account_id, closed)

    assert len(call("GET", f"{AISP}/accounts", token).body["Data"]["Account"]) == 2


@pytest.mark.parametrize("path", PERMISSION_OF_PATH)
def test_a_read_costs_two_statements_a_refusal_one_and_none_counts_or_skips(token, account_id, path):
    address = f"{AISP}/accounts{path.format(id=account_id.hex)}"
    with CaptureQueriesContext(connection) as read:
        assert call("GET", address, token).status == 200
    with CaptureQueriesContext(connection) as refused:
        assert call("GET", address, "garbage").status == 401
    with CaptureQueriesContext(connection) as anonymous:
        assert call("GET", address).status == 401

    assert (len(read), len(refused), len(anonymous)) == (2, 1, 0)
    assert not any(word in query["sql"].upper() for query in read for word in ("COUNT(", "OFFSET"))


def test_a_page_keeps_characters_as_they_are(token, account_id):
    a_transaction(account_id, description='Café "Zürich" \\ 🚲 </script>')

    row = call("GET", f"{AISP}/accounts/{account_id.hex}/transactions", token).body["Data"]["Transaction"][0]

    assert row["TransactionInformation"] == 'Café "Zürich" \\ 🚲 </script>'
    assert json.dumps(row)


def test_the_last_moment_that_is_available_is_when_the_core_knew(token, account_id):
    a_transaction(account_id, occurred_at=LONG_AGO + timedelta(days=3))

    answer = call("GET", f"{AISP}/accounts/{account_id.hex}/transactions", token)

    assert answer.body["Meta"] == {"LastAvailableDateTime": answer.headers["x-as-of"]}
