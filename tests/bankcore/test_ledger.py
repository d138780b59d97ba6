"""The books add up, whatever happens, and a book that does not is noticed."""

from datetime import UTC, datetime

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bankcore.errors import AccountUnknown
from bankcore.simulator.database import writing
from bankcore.simulator.ledger import Internal, Ledger, LedgerBroken, Leg, Memo
from bankcore.simulator.proofs import prove_books

NOW = datetime(2026, 11, 23, 14, 5, tzinfo=UTC)
MEMO = Memo("FPO", "TO SOMEBODY")


def balance(core, number):
    return core.execute("SELECT ABBKD, ABAVL FROM ACBAL WHERE ABACC = ?", (number,)).fetchone()


def test_two_years_of_history_leave_books_that_add_up(core):
    prove_books(core)


def test_a_pending_payment_is_held_and_then_booked_under_its_reference(core, happy):
    number = happy.number_of("current")
    booked, available = balance(core, number)
    with writing(core):
        ledger = Ledger(core, now=NOW)
        reference = ledger.reserve(NOW, Leg(ledger.account(number), -1000, MEMO), due_at=NOW)
        ledger.flush()
    assert balance(core, number) == (booked, available - 1000)
    prove_books(core)

    row = core.execute("SELECT * FROM TRNJNL WHERE TJACC = ? AND TJREF = ?", (number, reference))
    pending = dict(zip([column[0] for column in row.description], row.fetchone(), strict=True))
    with writing(core):
        ledger = Ledger(core, now=NOW)
        ledger.settle(pending, NOW)
        ledger.flush()
    assert balance(core, number) == (booked - 1000, available - 1000)
    prove_books(core)


def test_an_instruction_needs_its_other_side(core, happy):
    with writing(core):
        ledger = Ledger(core, now=NOW)
        account = ledger.account(happy.number_of("current"))
        with pytest.raises(LedgerBroken):
            ledger.post(NOW, Leg(account, -1, MEMO))
        savings = ledger.account(happy.number_of("savings"))
        with pytest.raises(LedgerBroken):
            ledger.post(NOW, Leg(account, -1, MEMO), Leg(savings, 1, MEMO), against=Internal.NOSTRO)


def test_an_account_with_money_cannot_be_closed(core, happy):
    with writing(core):
        ledger = Ledger(core, now=NOW)
        with pytest.raises(LedgerBroken):
            ledger.close(ledger.account(happy.number_of("current")), NOW.date())


def test_an_unknown_account_is_a_refusal(core):
    with writing(core), pytest.raises(AccountUnknown):
        Ledger(core, now=NOW).account(1)


@pytest.mark.parametrize(
    "tampering",
    [
        "UPDATE ACBAL SET ABBKD = ABBKD + 1, ABAVL = ABAVL + 1 WHERE ROWID IN (SELECT ROWID FROM ACBAL LIMIT 1)",
        "UPDATE ACBAL SET ABAVL = ABAVL + 1 WHERE ROWID IN (SELECT ROWID FROM ACBAL LIMIT 1)",
        "UPDATE GLBAL SET GLBKD = GLBKD + 1 WHERE GLACC = 1",
        "DELETE FROM POSTNG WHERE ROWID = 5",
        "DELETE FROM INSTRN WHERE INLSN = 5",
        "UPDATE TRNJNL SET TJAMT = TJAMT + 1 WHERE TJREF = 5",
    ],
)
def test_books_that_were_tampered_with_are_noticed(core, tampering):
    core.execute(tampering)

    with pytest.raises(LedgerBroken):
        prove_books(core)


@given(moves=st.lists(st.tuples(st.booleans(), st.integers(-50_000, 50_000).filter(bool)), max_size=20))
def test_any_sequence_of_movements_leaves_books_that_add_up(core, happy, moves):
    current, savings = happy.number_of("current"), happy.number_of("savings")
    core.execute("BEGIN")
    ledger = Ledger(core, now=NOW)
    for is_between, amount in moves:
        legs = [Leg(ledger.account(current), amount, MEMO)]
        if is_between:
            ledger.post(NOW, *legs, Leg(ledger.account(savings), -amount, MEMO))
        else:
            ledger.post(NOW, *legs, against=Internal.NOSTRO)
    ledger.flush()
    prove_books(core)
    core.execute("ROLLBACK")
