"""What the core makes of a payment command: the binding check, both legs, and what it says."""

from datetime import UTC, datetime
from typing import Any
from uuid import uuid4

import msgspec
import orjson
import pytest

from bankcore.simulator import numbers
from bankcore.simulator.agents.households import household
from bankcore.simulator.payments import magic_amounts, read_command, take_payments
from bankcore.simulator.proofs import prove_books
from bankcore.translators import translate
from kernel.money import Money
from tests.support.builders.bankcore import SEED, a_payment_command

NOW = datetime(2026, 11, 23, 14, 5, tzinfo=UTC)


def number_of(key, role="current"):
    return household(SEED, key).number_of(role)


def pay(core, **fields):
    """Give the core one command and return it with what the core then said of it."""
    command = a_payment_command(**{"debtor": number_of("psu.happy"), **fields})
    take_payments(core, [command], now=NOW)
    return command, said_about(core, command)


def said_about(core, command):
    rows = core.execute("SELECT CLVAL FROM CHGLOG WHERE CLTBL = 'PAYSTS' AND CLKEY = ?", (str(command.payment_id),))
    answers = [orjson.loads(value) for (value,) in rows]
    return [(answer["status"], answer["reason"]) for answer in answers]


def journal_of(core, command):
    return core.execute("SELECT TJACC, TJAMT FROM TRNJNL WHERE TJPID = ?", (str(command.payment_id),)).fetchall()


def booked(core, number):
    return core.execute("SELECT ABBKD FROM ACBAL WHERE ABACC = ?", (number,)).fetchone()[0]


def available(core, number):
    return core.execute("SELECT ABAVL FROM ACBAL WHERE ABACC = ?", (number,)).fetchone()[0]


def test_a_payment_to_another_bank_is_debited_and_settles(core):
    before = booked(core, number_of("psu.happy"))
    command, said = pay(core)

    assert said == [("ACCP", None), ("ACSP", None), ("ACSC", None), ("ACCC", None)]
    assert journal_of(core, command) == [(number_of("psu.happy"), -1200)]
    assert booked(core, number_of("psu.happy")) == before - 1200
    prove_books(core)


@pytest.mark.parametrize("is_iban", [False, True])
def test_a_payment_within_the_bank_has_both_legs(core, is_iban):
    payee = number_of("psu.joint")
    before = booked(core, payee)
    identification = numbers.iban_of(payee) if is_iban else f"{payee:014d}"
    scheme = "UK.OBIE.IBAN" if is_iban else "UK.OBIE.SortCodeAccountNumber"
    _, said = pay(core, creditor_identification=identification, creditor_scheme=scheme)

    assert said[-1] == ("ACCC", None)
    assert booked(core, payee) == before + 1200
    prove_books(core)


def test_the_posting_is_told_as_an_ordinary_movement_and_balance_of_one_position(core):
    command, _ = pay(core)
    rows = core.execute("SELECT CLTBL, CLVAL FROM CHGLOG WHERE CLTBL IN ('TRNJNL', 'ACBAL')").fetchall()
    told: list[Any] = [translate(topic=f"core.raw.cdc.{table.lower()}", value=value)[0] for table, value in rows]
    movement, balance = sorted(told, key=lambda event: event.name, reverse=True)

    assert movement.payment_id == command.payment_id
    assert movement.source_version == balance.source_version
    assert movement.balance_after_minor == balance.booked_minor


def test_the_same_payment_is_made_once_however_often_it_is_commanded(core):
    command, said = pay(core)
    for _ in range(3):
        assert take_payments(core, [command, command], now=NOW) == 0

    assert len(journal_of(core, command)) == 1
    assert said_about(core, command) == said


def test_a_payment_that_is_in_a_batch_twice_is_made_once(core):
    command = a_payment_command(debtor=number_of("psu.happy"))

    assert take_payments(core, [command, command], now=NOW) == 1
    assert len(journal_of(core, command)) == 1


def test_a_refused_payment_stays_refused(core):
    command, said = pay(core, amount_minor=10**12)
    take_payments(core, [command], now=NOW)

    assert said_about(core, command) == said == [("RJCT", "AM04")]


def test_the_last_penny_can_be_paid_and_not_one_more(core):
    exact = available(core, number_of("psu.happy"))
    _, said = pay(core, amount_minor=exact + 1)
    assert said == [("RJCT", "AM04")]

    _, said = pay(core, amount_minor=exact)
    assert said[-1] == ("ACCC", None)
    _, said = pay(core, amount_minor=1)
    assert said == [("RJCT", "AM04")]
    prove_books(core)


def test_a_command_sees_what_the_one_before_it_in_the_batch_has_spent(core):
    most = available(core, number_of("psu.happy"))
    commands = [a_payment_command(debtor=number_of("psu.happy"), amount_minor=most) for _ in range(2)]
    take_payments(core, commands, now=NOW)

    assert [said_about(core, command)[-1] for command in commands] == [("ACCC", None), ("RJCT", "AM04")]


@pytest.mark.parametrize(
    ("fields", "reason"),
    [
        ({"debtor_account_number": "00000000"}, "AC02"),
        ({"debtor_account_number": "garbage!"}, "AC02"),
        ({"debtor": ("psu.closed_account", "former")}, "AC04"),
        ({"debtor": ("psu.declines", "current")}, "AC06"),
        ({"debtor": ("psu.happy", "card")}, "AG01"),
        ({"currency": "EUR"}, "AM03"),
        ({"amount_minor": 0}, "AM12"),
        ({"amount_minor": -5}, "AM12"),
        ({"creditor_identification": f"{numbers.SORT_CODE}00000000"}, "AC03"),
        ({"creditor": ("psu.happy", "current")}, "AC03"),
        ({"creditor": ("psu.closed_account", "former")}, "AC07"),
    ],
)
def test_what_cannot_be_paid_is_refused_with_its_reason_and_moves_nothing(core, fields, reason):
    fields = dict(fields)
    if "debtor" in fields:
        fields["debtor"] = number_of(*fields["debtor"])
    if "creditor" in fields:
        fields["creditor_identification"] = f"{number_of(*fields.pop('creditor')):014d}"
    command, said = pay(core, **fields)

    assert said == [("RJCT", reason)]
    assert journal_of(core, command) == []


@pytest.mark.parametrize("magic", magic_amounts(), ids=lambda magic: magic["amount"])
def test_a_magic_amount_has_the_outcome_that_the_table_says(core, magic):
    command, said = pay(core, amount_minor=Money.parse(magic["amount"], "GBP").amount_minor)

    assert [status for status, _ in said] == magic["statuses"]
    assert said[-1][1] == magic["reason"]
    assert bool(journal_of(core, command)) == ("ACSC" in magic["statuses"])
    prove_books(core)


def test_a_command_that_cannot_be_read_is_passed_over():
    assert read_command(b"") is None
    assert read_command(b"\xff") is None
    assert read_command(b'{"payment_id": 7}') is None
    command = a_payment_command(debtor=1)
    assert read_command(msgspec.json.encode(command)) == command


def test_every_answer_has_a_position_of_its_own_and_they_ascend(core):
    for _ in range(2):
        pay(core, payment_id=uuid4())
    rows = core.execute("SELECT CLVAL FROM CHGLOG WHERE CLTBL = 'PAYSTS' ORDER BY CLSEQ")
    positions = [orjson.loads(value)["lsn"] for (value,) in rows]

    assert positions == sorted(set(positions))
