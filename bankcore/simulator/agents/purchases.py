"""A household's spending: what people buy, where, and how the card schemes write it down."""

from collections.abc import Callable
from datetime import UTC, date, datetime, time, timedelta
from functools import cache
from itertools import accumulate
from random import Random

from bankcore.simulator.agents.households import Household
from bankcore.simulator.calendars import bank_day_from
from bankcore.simulator.ledger import Account, Internal, Ledger, Leg, Memo
from bankcore.simulator.randomness import digest
from bankcore.simulator.tables import table

_OPENING_SECOND, _CLOSING_SECOND = 6 * 3600 + 1800, 22 * 3600 + 1800
_PAUSE_BEFORE_BOOKING = timedelta(days=2)


def make_purchases(house: Household, ledger: Ledger, day: date, *, are_pending: bool) -> None:
    """Spend a day's money; ``are_pending`` leaves card payments to be booked two days later."""
    rng = house.draw(f"spending:{day}")
    per_hundred = house.persona["purchases"]["weekday" if day.weekday() < 5 else "weekend"]
    count = per_hundred // 100 + (rng.randrange(100) < per_hundred % 100)
    seconds = sorted(rng.randrange(_OPENING_SECOND, _CLOSING_SECOND) for _ in range(count))
    midnight = datetime.combine(day, time(0), UTC)
    due_at = datetime.combine(bank_day_from(day + _PAUSE_BEFORE_BOOKING), time(3, 15), UTC) if are_pending else None
    appetite = _appetite(house, ledger)
    for second in seconds:
        if rng.randrange(100) < appetite:
            spend_once(house, ledger, rng, midnight + timedelta(seconds=second), due_at=due_at)
    if rng.randrange(100) < 6:
        settle_up_with_friend(house, ledger, rng, midnight + timedelta(seconds=_CLOSING_SECOND + rng.randrange(3600)))


def spend_once(house: Household, ledger: Ledger, rng: Random, at: datetime, *, due_at: datetime | None) -> None:
    """Buy one thing, fetch cash, or bring something back; nothing happens if the money is not there."""
    town = house.town if rng.randrange(8) else rng.choice(table("names")["towns"])[0]
    is_on_credit = rng.randrange(100) < house.persona["card_share"]
    account = ledger.account(house.number_of("card" if is_on_credit else "current"))
    chance = rng.randrange(100)
    if chance < 3 and not is_on_credit:
        _withdraw(ledger, account, rng.randint(1, 8) * 1000, town, at)
        return
    kinds, weights = _baskets(house.key, tuple(house.persona["baskets"].items()))
    kind = rng.choices(kinds, cum_weights=weights)[0]
    shops = table("merchants")[kind]
    merchant: str = rng.choice(house.favourites[kind] if rng.randrange(10) < 6 else shops["names"])
    low, high = shops["pence"]
    drawn = rng.randrange(1000)
    pence = low + (high - low) * drawn * drawn // 1_000_000
    if chance == 99 and kind in {"online", "clothing", "household"}:
        memo = Memo("REF", f"REFUND {describe(merchant, town)}", merchant, shops["mcc"])
        ledger.post(at, Leg(account, pence, memo), against=Internal.CARDS)
        return
    narrative = f"{describe(merchant, town)} {at:%d%b}".upper()
    pay_by_card(ledger, account, pence, Memo("CARD", narrative, merchant, shops["mcc"]), at, due_at)


def pay_by_card(
    ledger: Ledger, account: Account, pence: int, memo: Memo, at: datetime, due_at: datetime | None
) -> None:
    """Pay a merchant by debit or credit card: pending until ``due_at``, or booked at once; declined if too much."""
    if pence > account.available:
        return
    if due_at:
        ledger.reserve(at, Leg(account, -pence, memo), due_at=due_at)
    else:
        ledger.post(at, Leg(account, -pence, memo), against=Internal.CARDS)


def settle_up_with_friend(house: Household, ledger: Ledger, rng: Random, at: datetime) -> None:
    """Share the cost of an evening: money comes from a friend, or goes to one."""
    name, sort_code, number = rng.choice(house.friends)
    pence, reference = rng.randint(5, 60) * 100, rng.choice(("DINNER", "TICKETS", "GIFT", "TAXI", "THANKS"))
    current = ledger.account(house.number_of("current"))
    if rng.randrange(2):
        memo = Memo("FPI", f"FROM {name.upper()} {reference}", None, 0, name, sort_code, number, reference)
        ledger.post(at, Leg(current, pence, memo), against=Internal.NOSTRO)
    elif pence <= current.booked - current.held:
        memo = Memo("FPO", f"TO {name.upper()} {reference}", None, 0, name, sort_code, number, reference)
        ledger.post(at, Leg(current, -pence, memo), against=Internal.NOSTRO)


def buy_subscription(merchant: str, pence: int) -> Callable[[Household, Ledger, datetime], None]:
    """Return the deed of paying a monthly subscription by credit card."""

    def buy(house: Household, ledger: Ledger, at: datetime) -> None:
        memo = Memo("CARD", describe(merchant, "ONLINE"), merchant, table("merchants")["subscription"]["mcc"])
        pay_by_card(ledger, ledger.account(house.number_of("card")), pence, memo, at, None)

    return buy


@cache
def describe(merchant: str, town: str) -> str:
    """Return a merchant's descriptor, in the style of the acquirer that it happens to use."""
    number = digest(0, merchant, "acquirer")
    store, plain, place = number // 7 % 8999 + 1000, merchant.upper(), town.upper()
    match number % 5:
        case 0:
            return f"{plain} {place} GB"
        case 1:
            return f"QP *{plain[:18]} {place}"
        case 2:
            return f"{plain} {store} {place}"
        case 3:
            return f"{plain:<22.22}{place:<13.13}GBR"
        case _:
            return f"PAYNEST*{plain.replace(' ', '').replace('&', '')[:14]} {store}"


def _withdraw(ledger: Ledger, account: Account, pence: int, town: str, at: datetime) -> None:
    if pence <= account.booked - account.held:
        ledger.post(
            at, Leg(account, -pence, Memo("ATM", f"CASH {town.upper()} {at:%d%b}".upper())), against=Internal.CASH
        )


def _appetite(house: Household, ledger: Ledger) -> int:
    """How many of a hundred purchases are made: people look at their balance before they shop."""
    current, card = ledger.account(house.number_of("current")), ledger.account(house.number_of("card"))
    free = current.booked - current.held + card.booked - card.held
    bills = house.monthly_bills
    return 100 if free > bills else 75 if free > bills // 2 else 45 if free > 0 else 12


@cache
def _baskets(_key: str, baskets: tuple[tuple[str, int], ...]) -> tuple[list[str], list[int]]:
    return [kind for kind, _ in baskets], list(accumulate(weight for _, weight in baskets))
