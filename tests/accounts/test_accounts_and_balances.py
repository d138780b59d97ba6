"""Accounts and balances as a third party may see them."""

import json
from datetime import timedelta
from typing import Any
from uuid import uuid4

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext

from accounts import selectors
from accounts.errors import AccountNotFound, PermissionMissing
from bankcore.events import AccountKind, AccountStatus
from tests.support.builders.accounts import (
    LONG_AGO,
    a_balance_changed,
    an_account,
    an_account_changed,
    an_account_grant,
    tell,
)

pytestmark = pytest.mark.django_db

PAN = "4929123412341234"


def _documents(found) -> list[dict[str, Any]]:
    return list(json.loads(b"[" + found.documents + b"]"))


def _ids(found) -> list[str]:
    return [document["AccountId"] for document in _documents(found)]


def test_the_chosen_accounts_are_listed_by_number_and_no_other():
    chosen = [an_account(), an_account()]
    an_account()

    found = selectors.list_account_documents(grant=an_account_grant(*reversed(chosen)))

    assert _ids(found) == [account_id.hex for account_id in chosen]
    assert found.as_of == LONG_AGO


def test_a_closed_account_stays_readable():
    closed = an_account(status=AccountStatus.CLOSED, closed_date=LONG_AGO.date())
    grant = an_account_grant(closed)

    assert _ids(selectors.list_account_documents(grant=grant)) == [closed.hex]
    assert _documents(selectors.list_balance_documents(grant=grant, account_id=closed))


def test_a_grant_over_accounts_that_no_event_has_told_of_yet_shows_none():
    found = selectors.list_account_documents(grant=an_account_grant(uuid4()))

    assert (found.documents, found.as_of) == (b"", None)


def test_an_account_outside_the_consent_and_an_unknown_one_are_the_same():
    theirs, unknown = an_account(), uuid4()
    for grant, account_id in ((an_account_grant(uuid4()), theirs), (an_account_grant(unknown), unknown)):
        with pytest.raises(AccountNotFound):
            selectors.get_account_document(grant=grant, account_id=account_id)


def test_the_number_of_an_account_needs_detail():
    account_id = an_account()
    basic = an_account_grant(account_id, permissions=["ReadAccountsBasic"])
    detail = an_account_grant(account_id, permissions=["ReadAccountsDetail"])

    (shown,) = _documents(selectors.get_account_document(grant=basic, account_id=account_id))
    assert "Account" not in shown
    (shown,) = _documents(selectors.get_account_document(grant=detail, account_id=account_id))
    assert "Account" in shown


@pytest.mark.parametrize(
    ("permissions", "is_in_clear"),
    [
        (["ReadAccountsDetail"], False),
        (["ReadAccountsDetail", "ReadPAN"], True),
        (["ReadAccountsBasic", "ReadPAN"], False),
    ],
)
def test_a_card_number_is_in_clear_only_with_detail_and_the_permission_for_it(permissions, is_in_clear):
    card = an_account(kind=AccountKind.CREDIT_CARD, pan=PAN)
    found = selectors.list_account_documents(grant=an_account_grant(card, permissions=permissions))

    assert (PAN.encode() in found.documents) is is_in_clear


@pytest.mark.parametrize("permissions", [["ReadBalances"], ["ReadPAN"]])
def test_accounts_need_a_permission_of_their_own(permissions):
    with pytest.raises(PermissionMissing):
        selectors.list_account_documents(grant=an_account_grant(uuid4(), permissions=permissions))


def test_balances_need_their_permission_and_tell_when_they_were_true():
    account_id = an_account()
    later = LONG_AGO + timedelta(hours=3)
    tell(a_balance_changed(account_id, booked_minor=-5_00, available_minor=95_00, as_of=later))

    found = selectors.list_balance_documents(grant=an_account_grant(account_id), account_id=account_id)
    assert found.as_of == later
    assert {(each["Amount"]["Amount"], each["CreditDebitIndicator"]) for each in _documents(found)} == {
        ("5.00", "Debit"),
        ("95.00", "Credit"),
    }
    with pytest.raises(PermissionMissing):
        selectors.list_balance_documents(
            grant=an_account_grant(account_id, permissions=["ReadAccountsDetail"]), account_id=account_id
        )


@pytest.mark.parametrize(
    "read",
    [
        lambda grant, account_id: selectors.list_account_documents(grant=grant),
        lambda grant, account_id: selectors.get_account_document(grant=grant, account_id=account_id),
        lambda grant, account_id: selectors.list_balance_documents(grant=grant, account_id=account_id),
    ],
)
def test_every_read_is_one_statement(read):
    account_id = an_account()
    with CaptureQueriesContext(connection) as queries:
        read(an_account_grant(account_id), account_id)

    assert len(queries) == 1


def test_the_page_is_prepared_after_some_calls():
    account_id = an_account()
    tell(an_account_changed(account_id))
    for _ in range(10):
        selectors.list_balance_documents(grant=an_account_grant(account_id), account_id=account_id)

    with connection.cursor() as cursor:
        cursor.execute("SELECT statement FROM pg_prepared_statements")
        assert any("FROM accounts_balance" in statement for (statement,) in cursor.fetchall())
