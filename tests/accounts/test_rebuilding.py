"""Every view of this room is what its events say, to the byte: emptied and built anew, and while events flow."""

import random
import threading
from collections.abc import Iterator, Sequence
from dataclasses import replace
from datetime import timedelta
from typing import Any

import pytest
from django.db import connection, transaction

from bankcore.events import BookingStatus
from streaming import outbox
from streaming.consuming.registry import get_group, list_groups
from streaming.events import Event
from streaming.rebuilding.rebuild import Comparison, rebuild
from tests.support.builders.accounts import (
    a_balance_changed,
    a_holder_changed,
    a_party_changed,
    a_transaction_changed,
    an_account_changed,
)
from tests.support.streams import deliver_log, drain, recorded_event_names, relay_once

pytestmark = pytest.mark.django_db(transaction=True)

GROUPS = ("accounts.accounts", "accounts.balances", "accounts.holders", "accounts.parties", "accounts.transactions")


def test_every_group_of_this_room_says_which_views_it_keeps():
    assert [group.name for group in list_groups() if group.views and group.name.startswith("accounts.")] == [*GROUPS]


@pytest.mark.parametrize("source", ["log", "topics"])
def test_emptied_views_are_built_anew_byte_for_byte(source):
    record(*a_bank(seed=7))
    if source == "topics":
        relay_once()
        drain(*GROUPS)
    else:
        deliver_to_all()
    before = {view: rows(view) for view in all_views()}
    news = recorded_event_names()
    assert all(before.values())
    for view in all_views():
        with connection.cursor() as cursor:
            cursor.execute(f"DELETE FROM {view}")

    for name in GROUPS:
        assert not rebuild_group(name, source=source).is_equal

    assert {view: rows(view) for view in all_views()} == before
    assert recorded_event_names() == news


def test_views_and_their_rebuilt_ones_agree_while_events_flow():
    record(*a_bank(seed=1))
    deliver_to_all()
    is_over = threading.Event()
    flow = threading.Thread(target=keep_flowing, args=(is_over,))
    flow.start()
    try:
        compared = [rebuild_group(name) for name in GROUPS * 2]
    finally:
        is_over.set()
        flow.join()

    assert [each.live for each in compared] == [each.rebuilt for each in compared]


def a_bank(*, seed: int) -> Iterator[Event]:
    """Yield what a core says: accounts and their movements, later and earlier states, snapshots and news, shuffled."""
    chance = random.Random(seed)
    told: list[Event] = []
    for _ in range(8):
        account, party = an_account_changed(), a_party_changed()
        told += [account, replace(account, nickname="Rainy days", source_version=account.source_version + 1), party]
        told.append(a_holder_changed(party_id=party.party_id, account_id=account.account_id))
        for version in range(1, 5):
            told.append(a_balance_changed(account.account_id, booked_minor=version * 100, source_version=version))
        for number in range(12):
            movement = a_transaction_changed(account.account_id, source_ref=f"T-{number}", source_version=number + 1)
            is_pending = number % 3 == 0
            if is_pending:
                told.append(replace(movement, status=BookingStatus.PENDING))
            if not is_pending or number % 2:
                later = movement.occurred_at + timedelta(hours=1)
                told.append(replace(movement, source_version=number + 20, occurred_at=later))
    chance.shuffle(told)
    yield from told


def keep_flowing(is_over: threading.Event) -> None:
    """Record and apply, on a connection of this thread's own, until told to stop."""
    seed = 100
    try:
        while not is_over.is_set():
            record(*a_bank(seed=(seed := seed + 1)))
            deliver_to_all()
    finally:
        connection.close()


def record(*events: Event) -> None:
    with transaction.atomic():
        outbox.record_many(events)


def deliver_to_all() -> None:
    for name in GROUPS:
        deliver_log(name)


def rebuild_group(name: str, *, source: Any = "log") -> Comparison:
    outcome = rebuild(get_group(name), source=source, may_replace=lambda _: True, progress=lambda _done, _total: None)
    return outcome.comparison


def all_views() -> Sequence[str]:
    return [view for name in GROUPS for view in get_group(name).views]


def rows(view: str) -> Sequence[str]:
    """Return all rows as the database writes them."""
    with connection.cursor() as cursor:
        cursor.execute(f"SELECT r::text FROM {view} r ORDER BY 1")
        return [row for (row,) in cursor.fetchall()]
