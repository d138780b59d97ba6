"""The room tells what is news, once; history that is read for the first time is none."""

from dataclasses import replace

import pytest

from bankcore.events import BookingStatus
from tests.support.builders.accounts import a_balance_changed, a_transaction_changed, tell

pytestmark = pytest.mark.django_db


def _later(event, **changes):
    return replace(event, source_version=event.source_version + 1_000_000, **changes)


def test_a_transaction_that_comes_booked_is_news_once(news):
    booked = a_transaction_changed()
    tell(booked)
    tell(booked)
    tell(_later(booked, description="CORRECTED"))

    assert news() == ["accounts.transaction.booked"]


def test_a_pending_transaction_is_news_when_it_is_booked(news):
    pending = a_transaction_changed(status=BookingStatus.PENDING)
    tell(pending)
    assert news() == []

    tell(_later(pending, status=BookingStatus.BOOKED))

    assert news() == ["accounts.transaction.booked"]


def test_history_is_no_news(news):
    history = a_transaction_changed(is_snapshot=True)
    tell(history, a_transaction_changed(is_snapshot=True))
    tell(a_balance_changed(is_snapshot=True))
    tell(_later(history, is_snapshot=False, description="CORRECTED"))

    assert news() == []


def test_history_and_its_correction_in_one_batch_are_no_news(news):
    history = a_transaction_changed(is_snapshot=True)
    tell(history, _later(history, is_snapshot=False))

    assert news() == []


def test_a_newer_balance_is_news_and_an_older_one_is_not(news):
    old = a_balance_changed(is_snapshot=True)
    new = _later(old, is_snapshot=False, booked_minor=5)
    tell(old)
    tell(new)
    tell(replace(old, source_version=old.source_version + 1, is_snapshot=False, booked_minor=9))

    assert news() == ["accounts.balance.changed"]


def test_a_late_change_beside_a_newer_snapshot_is_no_news(news):
    known = a_balance_changed(is_snapshot=True, source_version=100)
    tell(known)
    tell(replace(known, source_version=50, is_snapshot=False), replace(known, source_version=200))

    assert news() == []


def test_news_names_what_it_came_from():
    from streaming.selectors import list_events

    booked = a_transaction_changed()
    tell(booked)

    (event,) = list_events(aggregate=("account", str(booked.account_id)))
    assert event.payload["transaction_id"] == str(booked.transaction_id)
    assert event.payload["amount_minor"] == booked.amount_minor
