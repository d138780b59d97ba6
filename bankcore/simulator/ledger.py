"""
Double entry in minor units: nothing moves without an instruction, and each one's postings add up to nothing.

A :class:`Ledger` lives for one database transaction. It works in memory and writes once, at :meth:`Ledger.flush`.
"""

import sqlite3
from collections import defaultdict
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date, datetime
from enum import IntEnum
from typing import Any, NamedTuple

from bankcore.errors import AccountUnknown
from bankcore.simulator import change_log
from bankcore.simulator.calendars import pack_date, pack_time
from bankcore.simulator.database import read_control, write_control


class Internal(IntEnum):
    """The bank's own accounts, the other side of what customers do with the world."""

    NOSTRO = 1
    CARDS = 2
    CASH = 3
    INTEREST = 4
    FEES = 5
    OPENING = 6


class LedgerBroken(Exception):
    """The books do not add up: the simulation must stop."""


@dataclass(slots=True)
class Account:
    """A customer's account while it is worked on; ``held`` is the sum of pending debits, positive."""

    number: int
    kind: str
    status: str
    currency: str = "GBP"
    booked: int = 0
    held: int = 0
    limit: int = 0
    serial: int = 0

    @property
    def available(self) -> int:
        """What may be spent now, credit limit included."""
        return self.booked - self.held + self.limit


class Memo(NamedTuple):
    """What the journal says about a movement, beside its amount; ``sort_code`` and ``account`` 0 mean unknown."""

    code: str
    narrative: str
    merchant: str | None = None
    category: int = 0
    party: str | None = None
    sort_code: int = 0
    account: int = 0
    reference: str | None = None
    payment: str | None = None


class Leg(NamedTuple):
    """One side of an instruction on a customer's account; money that leaves is negative."""

    account: Account
    amount: int
    memo: Memo


class Ledger:
    """The core's books, open for one database transaction."""

    def __init__(self, core: sqlite3.Connection, *, now: datetime, is_history: bool = False) -> None:
        """Open the books at ``now`` (UTC); of history no change is logged, it is captured as a snapshot."""
        self._core = core
        self._now = now
        self._log = None if is_history else change_log.Draft(now)
        self._accounts: dict[int, Account] = {}
        self._touched: dict[int, Account] = {}
        self._proved: dict[int, int] = {}
        self._internal: defaultdict[tuple[int, str], int] = defaultdict(int)
        self._instructions: list[tuple[int, str, int, int]] = []
        self._postings: list[tuple[int, int, str, int]] = []
        self._movements: list[tuple[Any, ...]] = []
        self._checked = 0
        self.lsn = int(read_control(core, "lsn") or 0)
        """The position of the last instruction in the core's log."""

    def open(self, account: Account) -> Account:
        """Enter a new account, with a balance of nothing."""
        self._accounts[account.number] = account
        self._proved[account.number] = 0
        self._core.execute(
            "INSERT INTO ACBAL VALUES (?, ?, 0, 0, ?, ?, ?, 0)",
            (account.number, account.currency, account.limit, pack_date(self._now.date()), pack_time(self._now)),
        )
        return account

    def account(self, number: int) -> Account:
        """
        Return an account to work on.

        :raises AccountUnknown: if the core does not have it.
        """
        if number not in self._accounts:
            row = self._core.execute(_ACCOUNT, (number,)).fetchone()
            if row is None:
                raise AccountUnknown(number=number)
            account = Account(*row)
            self._accounts[number] = account
            self._proved[number] = account.booked
        return self._accounts[number]

    def holder_name(self, number: int) -> str:
        """Return the name on an account."""
        (name,) = self._core.execute("SELECT ACNAME FROM ACCMST WHERE ACNO = ?", (number,)).fetchone()
        return str(name).strip()

    def post(self, at: datetime, *legs: Leg, against: Internal | None = None) -> int:
        """
        Book one instruction and return its position.

        Legs between customers add up to nothing; what is left is booked ``against`` an account of the bank.
        """
        rest = -sum(leg.amount for leg in legs)
        if bool(rest) != (against is not None):
            raise LedgerBroken("an instruction's legs do not match its other side")
        self._instruct(legs[0].memo.code, at)
        day, clock = pack_date(at.date()), pack_time(at)
        for account, amount, memo in legs:
            before = self._balance_row(account) if self._log else None
            account.serial += 1
            account.booked += amount
            self._enter(account.number, account.currency, amount)
            self._journal(account, _movement(account, "B", amount, day, clock, day, memo, account.booked))
            self._log_balance(account, before)
        if against is not None:
            currency = legs[0].account.currency
            self._enter(int(against), currency, rest)
            self._internal[int(against), currency] += rest
        return self.lsn

    def reserve(self, at: datetime, leg: Leg, *, due_at: datetime) -> int:
        """Hold money for a card payment that will be booked when due; return its reference in the journal."""
        account, amount, memo = leg
        before = self._balance_row(account) if self._log else None
        self._instruct("HLD", at)
        account.serial += 1
        account.held -= amount
        day, clock = pack_date(due_at.date()), pack_time(due_at)
        self._journal(account, _movement(account, "P", amount, day, clock, pack_date(at.date()), memo, None))
        self._log_balance(account, before)
        return account.serial

    def settle(self, pending: Mapping[str, Any], at: datetime) -> None:
        """Book a pending movement, given as its row of the journal; it keeps its reference."""
        account = self.account(pending["TJACC"])
        before = self._balance_row(account) if self._log else None
        self._instruct("STL", at)
        account.held += pending["TJAMT"]
        account.booked += pending["TJAMT"]
        self._enter(account.number, account.currency, pending["TJAMT"])
        self._enter(Internal.CARDS, account.currency, -pending["TJAMT"])
        self._internal[Internal.CARDS, account.currency] -= pending["TJAMT"]
        booked = {
            **pending, "TJSTS": "B", "TJBDT": pack_date(at.date()), "TJBTM": pack_time(at), "TJBAL": account.booked,
        }  # fmt: skip
        self._movements.append(tuple(booked[column] for column in change_log.COLUMNS["TRNJNL"]))
        if self._log:
            self._log.change("TRNJNL", self.lsn, before=dict(pending), after=booked)
        self._log_balance(account, before)

    def close(self, account: Account, day: date) -> None:
        """Close an account that is empty."""
        if account.booked or account.held:
            raise LedgerBroken("an account is closed with money on it")
        account.status = "C"
        self._instruct("CLS", self._now)
        before = change_log.read_row(self._core, "ACCMST", (account.number,))
        self._core.execute("UPDATE ACCMST SET ACSTS = 'C', ACCLS = ? WHERE ACNO = ?", (pack_date(day), account.number))
        if self._log:
            after = change_log.read_row(self._core, "ACCMST", (account.number,))
            self._log.change("ACCMST", self.lsn, before=before, after=after)

    def report_payment(self, payment: str, status: str, reason: str | None = None, text: str | None = None) -> None:
        """Say how far a payment has come, as a change of its own in the log."""
        assert self._log is not None
        self._instruct("STS", self._now)
        self._log.payment_status(self.lsn, payment, status, reason, text)

    def check(self) -> None:
        """
        Prove what was posted since the last proof, in memory: done on every simulated day.

        :raises LedgerBroken: if the postings do not add up to nothing, or a balance is not their sum.
        """
        totals: defaultdict[str, int] = defaultdict(int)
        for _, number, currency, amount in self._postings[self._checked :]:
            totals[currency] += amount
            self._proved[number] = self._proved.get(number, 0) + amount
        self._checked = len(self._postings)
        if any(totals.values()):
            raise LedgerBroken("the day's postings do not add up to nothing")
        if any(self._proved[number] != account.booked for number, account in self._accounts.items()):
            raise LedgerBroken("a balance is not the sum of its postings")

    def flush(self) -> None:
        """Write everything down, in the caller's database transaction."""
        self.check()
        execute = self._core.executemany
        execute("INSERT INTO INSTRN VALUES (?, ?, ?, ?)", self._instructions)
        execute("INSERT INTO POSTNG VALUES (?, ?, ?, ?)", self._postings)
        execute(f"INSERT OR REPLACE INTO TRNJNL VALUES ({', '.join('?' * 18)})", self._movements)
        execute(
            _BALANCE, [(*self._balance_row(account).values(), account.serial) for account in self._touched.values()]
        )
        execute(_INTERNAL, [(*key, amount) for key, amount in self._internal.items()])
        if self._log:
            self._log.write(self._core)
        write_control(self._core, "lsn", str(self.lsn))

    def _instruct(self, kind: str, at: datetime) -> None:
        self.lsn += 1
        self._instructions.append((self.lsn, kind, pack_date(at.date()), pack_time(at)))

    def _enter(self, number: int, currency: str, amount: int) -> None:
        self._postings.append((self.lsn, number, currency, amount))

    def _journal(self, account: Account, movement: tuple[Any, ...]) -> None:
        self._movements.append(movement)
        if self._log:
            row = dict(zip(change_log.COLUMNS["TRNJNL"], movement, strict=True))
            self._log.change("TRNJNL", self.lsn, before=None, after=row)

    def _balance_row(self, account: Account) -> dict[str, Any]:
        return {
            "ABACC": account.number,
            "ABCCY": account.currency,
            "ABBKD": account.booked,
            "ABAVL": account.available,
            "ABLMT": account.limit,
            "ABDAT": pack_date(self._now.date()),
            "ABTIM": pack_time(self._now),
        }

    def _log_balance(self, account: Account, before: dict[str, Any] | None) -> None:
        self._touched[account.number] = account
        if self._log:
            self._log.change("ACBAL", self.lsn, before=before, after=self._balance_row(account))


_ACCOUNT = """
    SELECT ACNO, ACTYP, ACSTS, ABCCY, ABBKD, ABBKD + ABLMT - ABAVL, ABLMT, ABSEQ
    FROM ACBAL JOIN ACCMST ON ACNO = ABACC WHERE ABACC = ?"""

_BALANCE = "INSERT OR REPLACE INTO ACBAL VALUES (?, ?, ?, ?, ?, ?, ?, ?)"

_INTERNAL = """
    INSERT INTO GLBAL VALUES (?, ?, ?) ON CONFLICT (GLACC, GLCCY) DO UPDATE SET GLBKD = GLBKD + excluded.GLBKD"""


def _movement(
    account: Account, status: str, amount: int, day: int, clock: int, value_day: int, memo: Memo, balance: int | None
) -> tuple[Any, ...]:
    return (account.number, account.serial, status, amount, account.currency, day, clock, value_day, *memo[:8], balance,
            memo.payment)  # fmt: skip
