"""Raw records become canonical events in the log; one that cannot be understood stops nothing."""

from collections import defaultdict
from datetime import UTC, datetime
from random import Random
from typing import Any
from uuid import UUID

import pytest

from bankcore.events import (
    AccountChanged,
    BalanceChanged,
    BookingStatus,
    Direction,
    HolderChanged,
    PartyChanged,
    PaymentReported,
    TransactionChanged,
)
from bankcore.simulator import database
from bankcore.simulator.agents.purchases import spend_once
from bankcore.simulator.capture import Capture
from bankcore.simulator.database import writing
from bankcore.simulator.ledger import Ledger
from bankcore.simulator.payments import take_payments
from streaming.models import DeadLetter
from tests.support.builders.bankcore import a_change, a_payment_command, a_payment_status
from tests.support.streams import a_raw_record, deliver, recorded_event_names, recorded_events

pytestmark = pytest.mark.django_db
NOW = datetime(2026, 11, 23, 14, 5, tzinfo=UTC)


def raw(table, value=None, **change):
    return a_raw_record(topic=f"core.raw.cdc.{table.lower()}", value=value or a_change(table, **change))


def test_every_table_has_its_event():
    deliver([raw(table) for table in ("CUSMST", "ACCMST", "ACHOLD", "ACBAL", "TRNJNL")], "bankcore.cdc")

    assert {type(event) for event in recorded_events()} == {
        PartyChanged, AccountChanged, HolderChanged, BalanceChanged, TransactionChanged,
    }  # fmt: skip


def test_a_malformed_row_is_a_dead_letter_and_the_ones_behind_it_arrive():
    deliver(
        [
            raw("ACBAL", ABBKD=1, lsn=1),
            raw("ACBAL", b'{"op": "c"}'),
            raw("ACBAL", ABBKD="x"),
            raw("ACBAL", ABBKD=2, lsn=2),
        ],
        "bankcore.cdc",
    )

    assert [event.booked_minor for event in recorded_events(BalanceChanged)] == [1, 2]
    assert DeadLetter.objects.count() == 2


def test_a_dead_letters_reason_repeats_nothing_that_the_row_holds():
    deliver([raw("CUSMST", CUSNM1=" ", CUSNM2="Secretname"), raw("ACCMST", ACNO="Secretname")], "bankcore.cdc")

    assert DeadLetter.objects.count() == 2
    assert not [letter for letter in DeadLetter.objects.all() if "Secretname" in letter.error]


def test_a_tombstone_is_no_event_and_no_dead_letter():
    deliver([a_raw_record(topic="core.raw.cdc.acbal", value=b"")], "bankcore.cdc")

    assert recorded_event_names() == []
    assert DeadLetter.objects.count() == 0


def test_an_answer_about_a_payment_is_an_event():
    deliver(
        [a_raw_record(topic="core.raw.payment-status.v1", value=a_payment_status(status="RJCT", reason="AM04"))],
        "bankcore.payment-status",
    )

    (event,) = recorded_events(PaymentReported)
    assert (event.status, event.reason_code) == ("RJCT", "AM04")


def test_at_every_position_the_balance_is_the_sum_of_the_booked_movements(core, happy):
    """History, purchases, bookings and payments: whoever stops at any position of the log sees books that add up."""
    line = Capture(core)
    households = [key for (key,) in core.execute("SELECT HSKEY FROM HOUSE").fetchall()]
    records = [(table, value) for key in households for table, _, value in line.history_of(key)]
    core.execute("DELETE FROM CHGLOG")
    _live_a_little(core, happy)
    records += core.execute("SELECT CLTBL, CLVAL FROM CHGLOG WHERE CLTBL <> 'PAYSTS' ORDER BY CLSEQ").fetchall()
    deliver([raw(table, value) for table, value in records if table in {"TRNJNL", "ACBAL"}], "bankcore.cdc")

    states: dict[int, list[Any]] = defaultdict(list)
    events: list[Any] = recorded_events(TransactionChanged, BalanceChanged)
    for event in events:
        states[event.source_version].append(event)
    booked: dict[UUID, tuple[UUID, int]] = {}
    balances: dict[UUID, int] = {}
    for _, changes in sorted(states.items()):
        for event in changes:
            if isinstance(event, BalanceChanged):
                balances[event.account_id] = event.booked_minor
            elif event.status == BookingStatus.BOOKED:
                sign = 1 if event.direction == Direction.CREDIT else -1
                booked[event.transaction_id] = (event.account_id, sign * event.amount_minor)
        sums: dict[UUID, int] = defaultdict(int)
        for account, amount in booked.values():
            sums[account] += amount
        assert balances.keys() >= sums.keys()
        assert {account: sums[account] for account in balances} == balances
    assert len(states) > 20


def _live_a_little(core, happy):
    rng = Random(1)
    with writing(core):
        ledger = Ledger(core, now=NOW)
        for n in range(20):
            spend_once(happy, ledger, rng, NOW, due_at=NOW if n % 2 else None)
        ledger.flush()
    payee = happy.number_of("savings")
    commands = [
        a_payment_command(debtor=happy.number_of("current"), creditor_identification=f"{payee:014d}"),
        a_payment_command(debtor=happy.number_of("current")),
    ]
    take_payments(core, commands, now=NOW)
    with writing(core):
        cursor = core.execute("SELECT * FROM TRNJNL WHERE TJSTS = 'P'")
        names = [column[0] for column in cursor.description]
        ledger = Ledger(core, now=NOW)
        for row in cursor.fetchall():
            ledger.settle(dict(zip(names, row, strict=True)), NOW)
        ledger.flush()
    assert database.read_control(core, "seed")
