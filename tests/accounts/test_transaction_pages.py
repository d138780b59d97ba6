"""Pages of transactions: what the customer permitted, newest first, at the same cost however deep."""

import json
import os
from datetime import timedelta
from typing import Any
from uuid import UUID, uuid4

import psycopg
import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext
from psycopg.sql import Literal

from accounts import selectors
from accounts.errors import AccountNotFound, PermissionMissing
from accounts.selectors import PageRequest
from bankcore.events import BookingStatus, Direction
from tests.support.builders.accounts import (
    ALL_BUT_PAN,
    LONG_AGO,
    a_transaction,
    a_transaction_changed,
    an_account,
    an_account_grant,
    tell,
)

pytestmark = pytest.mark.django_db

BASIC_PERMISSIONS = ("ReadTransactionsBasic", "ReadTransactionsCredits", "ReadTransactionsDebits")


def _page(grant, account_id, **request):
    return selectors.list_transaction_documents(
        grant=grant, account_id=account_id, page=PageRequest(**{"limit": 100, **request})
    )


def _transaction_ids(page) -> list[UUID]:
    return [UUID(each["TransactionId"]) for each in json.loads(b"[" + page.documents + b"]")]


def _many(account_id, number, **changes) -> list[UUID]:
    """Tell of transactions a minute apart; return their ids, newest first."""
    events = [
        a_transaction_changed(account_id, booked_at=LONG_AGO + timedelta(minutes=n), **changes) for n in range(number)
    ]
    tell(*events)
    return [event.transaction_id for event in reversed(events)]


def test_following_the_pages_meets_every_transaction_once_newest_first():
    account_id = uuid4()
    expected = _many(account_id, 23)
    grant = an_account_grant(account_id)

    seen, page = [], _page(grant, account_id, limit=5)
    assert page.previous is None
    while True:
        seen += _transaction_ids(page)
        if page.next is None:
            break
        page = _page(grant, account_id, limit=5, after=page.next)

    assert seen == expected


def test_going_back_leads_over_the_same_pages_to_the_first():
    account_id = uuid4()
    expected = _many(account_id, 12)
    grant = an_account_grant(account_id)
    first = _page(grant, account_id, limit=5)
    second = _page(grant, account_id, limit=5, after=first.next)
    third = _page(grant, account_id, limit=5, after=second.next)
    assert (third.count, third.next) == (2, None)

    again = _page(grant, account_id, limit=5, before=third.previous)
    assert _transaction_ids(again) == expected[5:10]
    assert again.next == second.next
    top = _page(grant, account_id, limit=5, before=again.previous)
    assert _transaction_ids(top) == expected[:5]
    assert top.previous is None


def test_transactions_of_the_same_moment_are_parted_by_their_ids():
    account_id = uuid4()
    tell(*[a_transaction_changed(account_id, booked_at=LONG_AGO) for _ in range(7)])
    grant = an_account_grant(account_id)

    seen, after = [], None
    for _ in range(4):
        page = _page(grant, account_id, limit=2, after=after)
        seen += _transaction_ids(page)
        after = page.next

    assert after is None
    assert len(set(seen)) == len(seen) == 7


def test_pending_ones_stand_among_the_booked_ones():
    account_id = uuid4()
    booked = _many(account_id, 3)
    pending = a_transaction(
        account_id, status=BookingStatus.PENDING, booked_at=LONG_AGO + timedelta(minutes=1, seconds=30)
    )
    page = _page(an_account_grant(account_id), account_id)

    assert _transaction_ids(page) == [booked[0], pending, booked[1], booked[2]]


def test_basic_shows_less_than_detail():
    account_id = uuid4()
    a_transaction(account_id, description="SECRET SHOP")

    basic = _page(an_account_grant(account_id, permissions=BASIC_PERMISSIONS), account_id)
    detail = _page(an_account_grant(account_id), account_id)

    assert b"SECRET SHOP" not in basic.documents
    assert b"SECRET SHOP" in detail.documents


@pytest.mark.parametrize(
    ("permission", "direction"), [("ReadTransactionsCredits", "credit"), ("ReadTransactionsDebits", "debit")]
)
def test_only_the_permitted_direction_is_shown(permission, direction):
    account_id = uuid4()
    by_direction = {
        "credit": a_transaction(account_id, direction=Direction.CREDIT),
        "debit": a_transaction(account_id, direction=Direction.DEBIT),
    }
    page = _page(an_account_grant(account_id, permissions=("ReadTransactionsDetail", permission)), account_id)

    assert _transaction_ids(page) == [by_direction[direction]]


@pytest.mark.parametrize(
    "permissions",
    [("ReadTransactionsDetail",), ("ReadTransactionsCredits", "ReadTransactionsDebits"), ("ReadAccountsDetail",)],
)
def test_half_a_permission_shows_nothing(permissions):
    account_id = uuid4()
    with pytest.raises(PermissionMissing):
        _page(an_account_grant(account_id, permissions=permissions), account_id)


def test_the_account_of_somebody_else_is_unknown():
    theirs = an_account()
    a_transaction(theirs)
    with pytest.raises(AccountNotFound):
        _page(an_account_grant(uuid4()), theirs)


def test_the_consents_window_and_the_filter_narrow_each_other_and_are_half_open():
    account_id = uuid4()
    newest_first = _many(account_id, 10)

    def minute(n):
        return LONG_AGO + timedelta(minutes=n)

    grant = an_account_grant(account_id, transactions_from=minute(2), transactions_to=minute(8))
    whole = _page(grant, account_id)
    filtered = _page(grant, account_id, booked_from=minute(0), booked_before=minute(5))
    outside = _page(grant, account_id, booked_from=minute(9), booked_before=minute(1))

    oldest_first = newest_first[::-1]
    assert _transaction_ids(whole) == oldest_first[2:8][::-1]
    assert _transaction_ids(filtered) == oldest_first[2:5][::-1]
    assert outside.documents == b""


def test_a_cursor_cannot_leave_the_consents_window():
    account_id = uuid4()
    _many(account_id, 10)
    far = _page(an_account_grant(account_id), account_id, limit=1).previous
    newest = _page(an_account_grant(account_id), account_id, limit=9).next
    assert far is None
    grant = an_account_grant(account_id, transactions_to=LONG_AGO)

    assert _page(grant, account_id, before=newest).count == 0


def test_as_of_is_the_newest_that_the_caller_may_know():
    account_id = an_account()
    empty = _page(an_account_grant(account_id), account_id)
    old = a_transaction(account_id, booked_at=LONG_AGO, occurred_at=LONG_AGO + timedelta(hours=1))
    a_transaction(account_id, booked_at=LONG_AGO + timedelta(days=1), occurred_at=LONG_AGO + timedelta(days=1))

    all_of_it = _page(an_account_grant(account_id), account_id)
    until_then = _page(an_account_grant(account_id, transactions_to=LONG_AGO + timedelta(hours=2)), account_id)

    assert empty.as_of == LONG_AGO
    assert all_of_it.as_of == LONG_AGO + timedelta(days=1)
    assert _transaction_ids(until_then) == [old]
    assert until_then.as_of == LONG_AGO + timedelta(hours=1)


def test_a_page_is_one_statement_that_neither_counts_nor_skips():
    account_id = an_account()
    _many(account_id, 3)
    grant = an_account_grant(account_id)

    with CaptureQueriesContext(connection) as queries:
        _page(grant, account_id)

    (query,) = queries.captured_queries
    assert "COUNT(" not in query["sql"].upper()
    assert "OFFSET" not in query["sql"].upper()


@pytest.mark.django_db(transaction=True)
@pytest.mark.parametrize(
    ("permissions", "pages_expected"),
    [(ALL_BUT_PAN, 100), (("ReadTransactionsDetail", "ReadTransactionsCredits"), 12)],
)
def test_a_deep_page_reads_as_few_blocks_as_the_first(permissions, pages_expected):
    """12,000 rows of one account among others; credits are one in ten."""
    account_id = uuid4()
    for other in range(40):
        tell(*[a_transaction_changed(account_id, **_nth(1_000 * n + other)) for n in range(300)])
        tell(*[a_transaction_changed() for _ in range(50)])
    _analyse()
    grant = an_account_grant(account_id, permissions=permissions)

    pages = [_page(grant, account_id)]
    while pages[-1].next is not None and len(pages) < 100:
        pages.append(_page(grant, account_id, after=pages[-1].next))
    deep = pages[-2].next
    assert len(pages) == pages_expected
    for mode in ("force_generic_plan", "force_custom_plan"):
        first = _blocks(grant, account_id, mode=mode)
        assert first <= 130
        assert _blocks(grant, account_id, mode=mode, after=deep) <= first + 6


def _nth(n: int) -> dict[str, Any]:
    direction = Direction.CREDIT if n % 10 == 0 else Direction.DEBIT
    return {"booked_at": LONG_AGO + timedelta(seconds=n), "direction": direction}


def _analyse() -> None:
    with psycopg.connect(os.environ["DATABASE_ADMIN_URL"], autocommit=True) as admin:
        admin.execute("VACUUM ANALYZE accounts_transaction, accounts_pendingtransaction")


def _blocks(grant, account_id, *, mode: str, **request) -> int:
    """Return how many blocks the page's own statement touches, under the application's role."""
    text, parameters = _statement_of(lambda: _page(grant, account_id, **request))
    numbered = text % {name: f"${n}" for n, name in enumerate(parameters, start=1)}
    with connection.cursor() as cursor:
        values = ", ".join(Literal(value).as_string(cursor.cursor) for value in parameters.values())
        cursor.execute(f"SET plan_cache_mode = {mode}")
        cursor.execute(f"PREPARE page AS {numbered}")
        cursor.execute(f"EXPLAIN (ANALYZE, BUFFERS, FORMAT JSON) EXECUTE page ({values})")
        plan = cursor.fetchone()[0][0]["Plan"]
        cursor.execute("DEALLOCATE page")
        cursor.execute("RESET plan_cache_mode")
    return int(plan["Shared Hit Blocks"] + plan["Shared Read Blocks"])


def _statement_of(call) -> tuple[str, dict[str, Any]]:
    statements = []

    def note(execute, text, parameters, many, context):
        statements.append((text, parameters))
        return execute(text, parameters, many, context)

    with connection.execute_wrapper(note):
        call()
    (statement,) = statements
    return statement
