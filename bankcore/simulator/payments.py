"""
The core's side of a payment: is it allowed, is the money there, both legs, and what is said about it.

Everything about one payment is one database transaction of the core, its answers included, and a payment
that was taken before is passed over: killed at any moment, the core neither loses nor repeats one.
"""

import sqlite3
from collections.abc import Callable, Mapping, Sequence
from datetime import datetime
from typing import Any, NamedTuple
from uuid import UUID

import msgspec
import structlog

from bankcore.errors import AccountUnknown
from bankcore.simulator import numbers
from bankcore.simulator.database import writing
from bankcore.simulator.ledger import Account, Internal, Ledger, Leg, Memo
from bankcore.simulator.tables import table
from kernel.money import Money

log = structlog.get_logger(__name__)


class Command(msgspec.Struct, frozen=True):
    """What the core reads of a payment command (``bankcore.payment.instructed``)."""

    payment_id: UUID
    debtor_sort_code: str
    debtor_account_number: str
    amount_minor: int
    currency: str
    creditor_name: str
    creditor_scheme: str
    creditor_identification: str
    end_to_end_identification: str
    reference: str | None = None


class Outcome(NamedTuple):
    """What becomes of a payment: the ISO 20022 statuses to report, in order, and why if it is refused."""

    statuses: Sequence[str]
    reason: str | None = None
    text: str | None = None


class Case(NamedTuple):
    """A payment and the accounts of this bank that it names."""

    command: Command
    debtor: Account | None
    creditor: Account | None
    is_on_us: bool


def read_command(value: bytes) -> Command | None:
    """Return the command of a record, or ``None`` if it cannot be read: then nobody can be answered either."""
    try:
        return _decoder.decode(value)
    except (msgspec.DecodeError, UnicodeDecodeError) as error:
        log.warning("core_command_unreadable", reason=str(error))
        return None


def take_payments(core: sqlite3.Connection, commands: Sequence[Command], *, now: datetime) -> int:
    """Decide, book and answer these commands in one transaction; return how many were new."""
    new = 0
    with writing(core):
        ledger = Ledger(core, now=now)
        for command in commands:
            if core.execute("SELECT 1 FROM PAYCMD WHERE PYID = ?", (str(command.payment_id),)).fetchone() is None:
                outcome = _make_payment(ledger, command, now)
                row = (str(command.payment_id), outcome.statuses[-1], outcome.reason, ledger.lsn)
                core.execute("INSERT INTO PAYCMD VALUES (?, ?, ?, ?, ?)", (*row, msgspec.json.encode(command)))
                new += 1
        ledger.flush()
    return new


def _make_payment(ledger: Ledger, command: Command, now: datetime) -> Outcome:
    case = _case_of(ledger, command)
    outcome = next(filter(None, (rule(case) for rule in _RULES)), _SETTLED)
    payment = str(command.payment_id)
    for status in outcome.statuses:
        if status == "ACSC":
            _book(ledger, case, now)
        is_refusal = status == "RJCT"
        ledger.report_payment(
            payment, status, outcome.reason if is_refusal else None, outcome.text if is_refusal else None
        )
    return outcome


def _case_of(ledger: Ledger, command: Command) -> Case:
    creditor = _creditor_number(command)
    return Case(
        command=command,
        debtor=_find(ledger, command.debtor_sort_code + command.debtor_account_number),
        creditor=_find(ledger, creditor) if creditor else None,
        is_on_us=creditor is not None,
    )


def _creditor_number(command: Command) -> str | None:
    """Return the creditor's 14 digits if the account is at this bank."""
    identification = command.creditor_identification.replace("-", "").replace(" ", "")
    if command.creditor_scheme.endswith("IBAN"):
        own = numbers.account_of_iban(identification)
        return None if own is None else f"{own:014d}"
    return identification if identification.startswith(numbers.SORT_CODE) else None


def _find(ledger: Ledger, digits: str) -> Account | None:
    if not (digits.isascii() and digits.isdecimal() and len(digits) == 14):
        return None
    try:
        return ledger.account(int(digits))
    except AccountUnknown:
        return None


def _book(ledger: Ledger, case: Case, now: datetime) -> None:
    command, debtor = case.command, case.debtor
    assert debtor is not None
    payment, reference = str(command.payment_id), command.reference or command.end_to_end_identification
    name = command.creditor_name
    out = Memo("FPO", f"TO {name} {reference}".upper(), party=name, reference=reference, payment=payment)
    digits = command.creditor_identification.replace("-", "").replace(" ", "")
    if digits.isascii() and digits.isdecimal() and len(digits) == 14:
        out = out._replace(sort_code=int(digits[:6]), account=int(digits[6:]))
    debit = Leg(debtor, -command.amount_minor, out)
    if case.creditor is None:
        ledger.post(now, debit, against=Internal.NOSTRO)
        return
    sender = ledger.holder_name(debtor.number)
    into = Memo("FPI", f"FROM {sender} {reference}".upper(), party=sender, reference=reference,
                sort_code=debtor.number // 10**8, account=debtor.number % 10**8)  # fmt: skip
    ledger.post(now, debit, Leg(case.creditor, command.amount_minor, into))


def _refused(reason: str, text: str) -> Outcome:
    return Outcome(("RJCT",), reason, text)


_SETTLED = Outcome(("ACCP", "ACSP", "ACSC", "ACCC"))
"""On us, and by an instant scheme, the payee has the money at once."""


def _unknown_debtor(case: Case) -> Outcome | None:
    return _refused("AC02", "The account to pay from is not known.") if case.debtor is None else None


def _closed_debtor(case: Case) -> Outcome | None:
    is_closed = case.debtor is not None and case.debtor.status == "C"
    return _refused("AC04", "The account to pay from is closed.") if is_closed else None


def _blocked_debtor(case: Case) -> Outcome | None:
    is_blocked = case.debtor is not None and case.debtor.status == "B"
    return _refused("AC06", "The account to pay from is blocked.") if is_blocked else None


def _no_payment_account(case: Case) -> Outcome | None:
    is_card = case.debtor is not None and case.debtor.kind == "CC"
    return _refused("AG01", "Payments cannot be made from a credit card.") if is_card else None


def _foreign_currency(case: Case) -> Outcome | None:
    is_foreign = case.debtor is not None and case.command.currency != case.debtor.currency
    return _refused("AM03", "The account does not hold this currency.") if is_foreign else None


def _no_amount(case: Case) -> Outcome | None:
    return _refused("AM12", "The amount is not positive.") if case.command.amount_minor <= 0 else None


def _magic_amount(case: Case) -> Outcome | None:
    return _set_outcomes().get(case.command.amount_minor)


def _lost_creditor(case: Case) -> Outcome | None:
    if not case.is_on_us:
        return None
    if case.creditor is None or case.creditor is case.debtor:
        return _refused("AC03", "The payee's account is not known.")
    return _refused("AC07", "The payee's account is closed.") if case.creditor.status == "C" else None


def _short_of_funds(case: Case) -> Outcome | None:
    is_short = case.debtor is not None and case.debtor.available < case.command.amount_minor
    return _refused("AM04", "There is not enough money in the account.") if is_short else None


_RULES: tuple[Callable[[Case], Outcome | None], ...] = (
    _unknown_debtor,
    _closed_debtor,
    _blocked_debtor,
    _no_payment_account,
    _foreign_currency,
    _no_amount,
    _magic_amount,
    _lost_creditor,
    _short_of_funds,
)
"""Asked in this order; the first that has something to say decides."""


def magic_amounts() -> Sequence[Mapping[str, Any]]:
    """Return the sandbox's table of amounts with a set outcome, for documents and tests: see ``tables/``."""
    rows: Sequence[Mapping[str, Any]] = table("magic_amounts")
    return rows


def _set_outcomes() -> Mapping[int, Outcome]:
    return {
        Money.parse(row["amount"], "GBP").amount_minor: Outcome(tuple(row["statuses"]), row["reason"], row["text"])
        for row in magic_amounts()
    }


_decoder = msgspec.json.Decoder(Command)
