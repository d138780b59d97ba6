"""Whatever order the core's events arrive in, and however often, the views hold what was true last."""

import random
from dataclasses import replace
from datetime import timedelta
from typing import Any
from uuid import UUID, uuid4

import pytest
from django.db import connection
from hypothesis import given
from hypothesis import strategies as st

from bankcore.events import AccountStatus, BookingStatus, Direction
from tests.support.builders.accounts import (
    LONG_AGO,
    a_balance_changed,
    a_holder_changed,
    a_party_changed,
    a_transaction_changed,
    an_account_changed,
    tell,
)

pytestmark = pytest.mark.django_db

VIEWS = (
    "accounts_account",
    "accounts_holder",
    "accounts_party",
    "accounts_balance",
    "accounts_transaction",
    "accounts_pendingtransaction",
)


def _contents() -> dict[str, list[tuple[str]]]:
    contents = {}
    with connection.cursor() as cursor:
        for view in VIEWS:
            cursor.execute(f"SELECT row_to_json({view})::text FROM {view} ORDER BY 1")
            contents[view] = cursor.fetchall()
    return contents


def _empty() -> None:
    with connection.cursor() as cursor:
        for view in VIEWS:
            cursor.execute(f"DELETE FROM {view}")


def _histories() -> list[list[Any]]:
    """Three states each of one account, party, holder, balance and two transactions, oldest first."""
    account_id, party_id, holder_id = uuid4(), uuid4(), uuid4()
    account = an_account_changed(account_id)
    balance = a_balance_changed(account_id)
    party = a_party_changed(party_id)
    holder = a_holder_changed(party_id=party_id, account_id=account_id, holder_id=holder_id)
    pending = a_transaction_changed(account_id, status=BookingStatus.PENDING)
    booked = a_transaction_changed(account_id)
    return [
        _states(account, {"nickname": "Bills"}, {"status": AccountStatus.CLOSED}),
        _states(party, {"full_name": "Ada Norris-Hill"}, {"town": "York"}),
        _states(holder, {}, {"is_ended": True}),
        _states(balance, {"booked_minor": 1}, {"booked_minor": -7_000, "credit_limit_minor": 10_000}),
        _states(pending, {"amount_minor": 1_300}, {"status": BookingStatus.BOOKED, "booked_at": LONG_AGO}),
        _states(booked, {"description": "CORRECTED"}, {"amount_minor": 9}),
    ]


def _states(first, *changes):
    states = [first]
    for change in changes:
        last = states[-1]
        version = last.source_version + 1_000_000
        states.append(
            replace(last, source_version=version, occurred_at=last.occurred_at + timedelta(minutes=1), **change)
        )
    return states


@given(seed=st.integers(0, 2**32), batch=st.integers(1, 4))
def test_any_order_any_batches_and_any_repetition_give_the_same_rows(seed, batch):
    rng = random.Random(seed)
    for history in _histories():
        _empty()
        for event in history:
            tell(event)
        in_order = _contents()

        _empty()
        shuffled = rng.choices(history, k=4) + history
        rng.shuffle(shuffled)
        for start in range(0, len(shuffled), batch):
            tell(*shuffled[start : start + batch])
        assert _contents() == in_order


def test_a_pending_movement_leaves_its_table_when_it_is_booked():
    pending, booked = _states(a_transaction_changed(status=BookingStatus.PENDING), {"status": BookingStatus.BOOKED})
    tell(pending)
    assert _ids("accounts_pendingtransaction") == [pending.transaction_id]

    tell(booked)

    assert _ids("accounts_pendingtransaction") == []
    assert _ids("accounts_transaction") == [pending.transaction_id]


def test_a_pending_movement_that_arrives_after_its_booking_stays_away():
    pending, booked = _states(a_transaction_changed(status=BookingStatus.PENDING), {"status": BookingStatus.BOOKED})
    tell(booked)
    tell(pending)

    assert _ids("accounts_pendingtransaction") == []
    assert _ids("accounts_transaction") == [booked.transaction_id]


def test_a_correction_renders_the_documents_anew():
    first, corrected = _states(a_transaction_changed(description="WRONG"), {"description": "RIGHT"})
    tell(first)
    tell(corrected)

    (document,) = _column("accounts_transaction", "document_detail")
    assert "RIGHT" in document
    assert "WRONG" not in document


def test_a_transaction_may_arrive_before_its_account():
    account_id = uuid4()
    tell(a_transaction_changed(account_id))
    before = _column("accounts_transaction", "document_detail")

    tell(an_account_changed(account_id))

    assert _column("accounts_transaction", "document_detail") == before


def test_no_view_holds_the_time_at_which_it_heard():
    for history in _histories():
        _empty()
        tell(*history)
        first = _contents()
        _empty()
        tell(*history)
        assert _contents() == first


@given(amounts=st.lists(st.integers(-50_000, 50_000), min_size=1, max_size=12), seed=st.integers(0, 2**32))
def test_booked_movements_add_up_to_the_change_of_the_booked_balance(amounts, seed):
    _empty()
    account_id, opening, events = uuid4(), 100_000, []
    opened = a_balance_changed(account_id, booked_minor=opening, is_snapshot=True)
    standing = opening
    for amount in amounts:
        standing += amount
        direction = Direction.CREDIT if amount > 0 else Direction.DEBIT
        pending = a_transaction_changed(
            account_id, status=BookingStatus.PENDING, direction=direction, amount_minor=abs(amount)
        )
        events += _states(pending, {"status": BookingStatus.BOOKED, "balance_after_minor": standing})
        events.append(a_balance_changed(account_id, booked_minor=standing))
    rng = random.Random(seed)
    arriving = [opened, *events, *rng.choices(events, k=5)]
    rng.shuffle(arriving)
    for event in arriving:
        tell(event)

    with connection.cursor() as cursor:
        cursor.execute(
            "SELECT COALESCE(sum(CASE direction WHEN 'credit' THEN amount_minor ELSE -amount_minor END), 0)"
            " FROM accounts_transaction WHERE account_id = %s",
            [account_id],
        )
        (moved,) = cursor.fetchone()
    assert _column("accounts_balance", "booked_minor") == [opening + moved]
    assert _ids("accounts_pendingtransaction") == []


def _column(view: str, column: str) -> list[Any]:
    with connection.cursor() as cursor:
        cursor.execute(f"SELECT {column} FROM {view} ORDER BY 1")
        return [value for (value,) in cursor.fetchall()]


def _ids(view: str) -> list[UUID]:
    return _column(view, "id")
