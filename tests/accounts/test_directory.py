"""Which accounts a customer may share: the open ones that they hold, alone or jointly."""

from dataclasses import replace
from uuid import uuid4

import pytest

from accounts.directory import Directory
from bankcore.events import AccountKind, AccountStatus, HolderRole
from kernel.money import Money
from tests.support.builders.accounts import a_holder_changed, an_account, tell
from tests.support.builders.oauth import a_customer

pytestmark = pytest.mark.django_db


@pytest.fixture
def directory():
    return Directory()


@pytest.fixture
def customer():
    return a_customer()


def _chosen(directory, customer):
    return [choice.account_id for choice in directory.choices(customer_id=customer.id)]


def test_current_accounts_come_first_then_by_number(directory, customer):
    card = an_account(party_id=customer.party_id, kind=AccountKind.CREDIT_CARD, pan="4929123412341234")
    savings = an_account(party_id=customer.party_id, kind=AccountKind.SAVINGS)
    current = an_account(party_id=customer.party_id, nickname="Bills", number_account="12345678")
    an_account(party_id=uuid4())

    assert _chosen(directory, customer) == [current, savings, card]
    bills, _, visa = directory.choices(customer_id=customer.id)
    assert (bills.name, bills.masked_number, bills.balance) == ("Bills", "•••• 5678", Money(123_456, "GBP"))
    assert visa.masked_number == "•••• 1234"


def test_a_joint_account_counts_as_owned(directory, customer):
    joint = an_account(party_id=uuid4())
    tell(a_holder_changed(party_id=customer.party_id, account_id=joint, role=HolderRole.JOINT))

    assert directory.owned(customer_id=customer.id, account_ids=[joint]) == {joint}


def test_a_closed_account_cannot_be_chosen_but_is_described(directory, customer):
    closed = an_account(party_id=customer.party_id, status=AccountStatus.CLOSED)

    assert _chosen(directory, customer) == []
    assert directory.owned(customer_id=customer.id, account_ids=[closed]) == frozenset()
    assert [each.account_id for each in directory.describe(account_ids=[closed, uuid4()])] == [closed]


def test_who_no_longer_holds_an_account_cannot_share_it(directory, customer):
    account_id = an_account()
    holds = a_holder_changed(party_id=customer.party_id, account_id=account_id)
    tell(holds)
    assert _chosen(directory, customer) == [account_id]

    tell(replace(holds, source_version=holds.source_version + 1_000_000, is_ended=True))

    assert _chosen(directory, customer) == []


def test_of_accounts_that_are_asked_for_only_the_customers_own_are_returned(directory, customer):
    own, foreign = an_account(party_id=customer.party_id), an_account(party_id=uuid4())

    assert directory.owned(customer_id=customer.id, account_ids=[own, foreign, uuid4()]) == {own}


def test_an_account_is_found_by_sort_code_and_last_four_digits_of_number_or_card(directory):
    account_id = an_account(number_sort_code="200000", number_account="55554321")
    card = an_account(number_sort_code="200000", kind=AccountKind.CREDIT_CARD, pan="4929000000004321")

    assert directory.find(sort_code="200000", last_four="4321") == {account_id, card}
    assert directory.find(sort_code="200001", last_four="4321") == frozenset()


def test_an_account_is_identified_as_the_standard_writes_it(directory):
    iban = "GB29NWBK60161331926819"
    account_id = an_account(number_sort_code="601613", number_account="31926819", iban=iban)

    def identified(scheme, identification):
        return directory.identified(scheme=f"UK.OBIE.{scheme}", identification=identification)

    assert identified("SortCodeAccountNumber", "60161331926819") == account_id
    assert identified("IBAN", "gb29 nwbk 6016 1331 9268 19") == account_id
    assert identified("SortCodeAccountNumber", "60161331926810") is None
    assert identified("IBAN", "GB00") is None
    assert identified("PAN", "4929123412341234") is None
