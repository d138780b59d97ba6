"""Makes the bank: each household with two years of history, in one transaction of the core each."""

import sqlite3
from collections.abc import Iterator, Sequence
from datetime import UTC, date, datetime, time, timedelta

from bankcore.simulator import change_log, numbers, sign_in
from bankcore.simulator.agents.households import Holding, Household, all_keys, household
from bankcore.simulator.agents.planned_payments import make_planned_payments, move
from bankcore.simulator.agents.purchases import make_purchases
from bankcore.simulator.calendars import pack_date
from bankcore.simulator.database import read_control, write_control, writing
from bankcore.simulator.ledger import Account, Internal, Ledger, Leg, Memo

HISTORY_YEARS = 2
_PENDING_DAYS = 2
"""Card payments of this many last days are not booked yet."""
_FORMER_ACCOUNT_DAYS = 600
"""How long an account lives that the story of its household wants closed."""


class OtherSeed(Exception):
    """The core was made from another seed; its customers are not those that were asked for."""


def missing_households(core: sqlite3.Connection, *, seed: int, customers: int) -> Sequence[str]:
    """
    Return the keys of households that the core lacks, and keep the seed that it is made from.

    :raises OtherSeed: if the core was made from another one.
    """
    with writing(core):
        kept = read_control(core, "seed")
        if kept not in {None, str(seed)}:
            raise OtherSeed(f"this core was made from seed {kept}")
        write_control(core, "seed", str(seed))
    known = {row[0] for row in core.execute("SELECT HSKEY FROM HOUSE")}
    return [key for key in all_keys(customers) if key not in known]


def seed_households(core: sqlite3.Connection, *, seed: int, keys: Sequence[str], until: date) -> Iterator[Household]:
    """Make these households with their history up to the day before ``until``; yield each one once it is committed."""
    for key in keys:
        house = household(seed, key)
        with writing(core):
            _write_history(core, house, until)
        yield house


def _write_history(core: sqlite3.Connection, house: Household, until: date) -> None:
    first = date(until.year - HISTORY_YEARS, until.month, min(until.day, 28))
    ledger = Ledger(core, now=datetime.combine(until, time(0), UTC), is_history=True)
    _enter_people(core, house)
    for holding in house.holdings:
        _open_account(core, ledger, house, holding, first)
    days = (until - first).days
    for day in (first + timedelta(days=passed) for passed in range(days)):
        make_planned_payments(house, ledger, day)
        make_purchases(house, ledger, day, are_pending=(until - day).days <= _PENDING_DAYS)
        if (day - first).days == _FORMER_ACCOUNT_DAYS:
            _close_former_account(house, ledger, day)
        ledger.check()
    ledger.flush()
    core.execute(
        "INSERT INTO HOUSE VALUES (?, ?, ?, ?)",
        (house.key, pack_date(first), pack_date(until - timedelta(days=1)), ledger.lsn),
    )
    change_log.note_snapshot(core, house.key)


def _enter_people(core: sqlite3.Connection, house: Household) -> None:
    for place, person in enumerate(house.people):
        row = (
            person.number, "P", f"{person.surname:<35}", f"{person.forename:<35}", f"{house.street:<35}", "",
            f"{house.town:<35}", f"{house.area}{house.index % 9 + 1} {house.index % 8 + 1}QT", "GB",
            f"+44 7700 90{(house.index * 2 + place) % 1000:04d}", f"{person.username}@example.com",
            pack_date(person.birth_date),
        )  # fmt: skip
        core.execute(f"INSERT INTO CUSMST VALUES ({', '.join('?' * len(row))})", row)
        sign_in.enrol(core, seed=house.seed, person=person, about=house.about)


def _open_account(core: sqlite3.Connection, ledger: Ledger, house: Household, holding: Holding, first: date) -> None:
    names = " & ".join(person.full_name for person in house.people)
    row = (
        holding.number, holding.kind, holding.product, "GBP", f"{names:<60}", None,
        numbers.card_number(house.index) if holding.kind == "CC" else None,
        None if holding.kind == "CC" else numbers.iban_of(holding.number), pack_date(first), 0,
        "B" if house.is_blocked and holding.kind != "CC" else "O", house.key,
    )  # fmt: skip
    core.execute(f"INSERT INTO ACCMST VALUES ({', '.join('?' * len(row))})", row)
    for place, person in enumerate(house.people):
        core.execute("INSERT INTO ACHOLD VALUES (?, ?, ?, 0)", (person.number, holding.number, "J" if place else "P"))
    account = ledger.open(Account(holding.number, holding.kind, row[10], limit=holding.limit))
    if holding.opening:
        memo = Memo("OPN", "BALANCE BROUGHT FORWARD")
        ledger.post(
            datetime.combine(first, time(0), UTC), Leg(account, holding.opening, memo), against=Internal.OPENING
        )


def _close_former_account(house: Household, ledger: Ledger, day: date) -> None:
    for holding in house.holdings:
        if holding.role == "former":
            account = ledger.account(holding.number)
            at = datetime.combine(day, time(11, 20), UTC)
            move(house, ledger, at, "former", "current", account.booked, "ACCOUNT CLOSED")
            ledger.close(account, day)
