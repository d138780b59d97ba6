"""The core's events as the consumer runtime brings them: each once, whatever becomes of its neighbours."""

import pytest

from accounts.models import Account, Balance, Holder, Party, Transaction
from streaming.models import DeadLetter
from tests.support.builders.accounts import (
    a_balance_changed,
    a_holder_changed,
    a_party_changed,
    a_transaction_changed,
    an_account_changed,
)
from tests.support.streams import a_record_of, deliver, recorded_event_names

pytestmark = pytest.mark.django_db


def test_every_view_has_its_group():
    account, party = an_account_changed(), a_party_changed()
    deliver([account], "accounts.accounts")
    deliver([party], "accounts.parties")
    deliver([a_holder_changed(party_id=party.party_id, account_id=account.account_id)], "accounts.holders")
    deliver([a_balance_changed(account.account_id)], "accounts.balances")
    deliver([a_transaction_changed(account.account_id)], "accounts.transactions")

    assert [view.objects.count() for view in (Account, Party, Holder, Balance, Transaction)] == [1, 1, 1, 1, 1]


def test_a_record_that_is_delivered_again_is_no_second_news():
    record = a_record_of(a_transaction_changed())
    deliver([record, record], "accounts.transactions")
    deliver([record], "accounts.transactions")

    assert Transaction.objects.count() == 1
    assert recorded_event_names() == ["accounts.transaction.booked"]


def test_a_state_that_no_table_can_hold_becomes_a_dead_letter_and_stops_no_other():
    impossible = a_transaction_changed(description="a \x00 that PostgreSQL cannot store")
    healthy = a_transaction_changed()
    deliver([impossible, healthy], "accounts.transactions")

    assert list(Transaction.objects.values_list("id", flat=True)) == [healthy.transaction_id]
    assert DeadLetter.objects.count() == 1


def test_two_movements_that_claim_one_reference_of_the_core_are_not_both_believed():
    first = a_transaction_changed(source_ref="T-1")
    second = a_transaction_changed(first.account_id, source_ref="T-1")
    deliver([first], "accounts.transactions")
    deliver([second], "accounts.transactions")

    assert list(Transaction.objects.values_list("id", flat=True)) == [first.transaction_id]
    assert DeadLetter.objects.count() == 1
