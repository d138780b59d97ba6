"""Movements that somebody makes by hand, to watch them arrive."""

import sqlite3
from datetime import datetime
from uuid import UUID

from bankcore.errors import AccountUnknown
from bankcore.simulator import numbers
from bankcore.simulator.database import writing
from bankcore.simulator.ledger import Internal, Ledger, Leg, Memo


def make_transaction(
    core: sqlite3.Connection, *, account: str, amount_minor: int, description: str, now: datetime
) -> UUID:
    """
    Book one movement and return its public id; money that leaves is negative, and may overdraw the account.

    ``account`` is a public account id, the 8 digits of a number, or sort code and number.

    :raises AccountUnknown: if the core has no such account, or it is closed.
    """
    number = find_account(core, account)
    with writing(core):
        ledger = Ledger(core, now=now)
        opened = ledger.account(number)
        if opened.status == "C":
            raise AccountUnknown("The account is closed.", number=number)
        memo = Memo("FPO" if amount_minor < 0 else "FPI", description)
        ledger.post(now, Leg(opened, amount_minor, memo), against=Internal.NOSTRO)
        ledger.flush()
        return numbers.transaction_id(number, opened.serial)


def find_account(core: sqlite3.Connection, account: str) -> int:
    """
    Return the core's number of an account that is named as people name it.

    :raises AccountUnknown: if there is none.
    """
    compact = account.replace("-", "").replace(" ", "").lower()
    for (number,) in core.execute("SELECT ACNO FROM ACCMST"):
        if compact in {f"{number:014d}", f"{number % 10**8:08d}", numbers.account_id(number).hex}:
            return int(number)
    raise AccountUnknown(account=account)
