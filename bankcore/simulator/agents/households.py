"""A household: the agent of the simulation. All it is follows from the seed and its key."""

from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import date
from functools import cache
from random import Random
from typing import Any

from bankcore.simulator import numbers
from bankcore.simulator.randomness import digest, stream
from bankcore.simulator.tables import table

ORDINARY_PERSONAS = ("salaried", "student", "sole_trader", "joint", "pensioner")
"""In this order ordinary customers take turns, so that five of them show all five."""

_FIRST_ORDINARY_INDEX = 100  # the numbers before it are kept for scenario customers.
_PRODUCTS = {
    "current": ("CA", "Everyday Current Account"),
    "savings": ("SV", "Rainy Day Saver"),
    "card": ("CC", "Everyday Credit Card"),
    "former": ("SV", "First Saver (discontinued)"),
}


@dataclass(frozen=True, slots=True)
class Person:
    """Someone who signs in; ``number`` is the core's customer number."""

    number: int
    username: str
    forename: str
    surname: str
    birth_date: date

    @property
    def full_name(self) -> str:
        """The name as the bank writes it."""
        return f"{self.forename} {self.surname}"


@dataclass(frozen=True, slots=True)
class Holding:
    """An account of the household: ``role`` is current, savings, card or former; amounts in pence."""

    role: str
    number: int
    kind: str
    product: str
    limit: int
    opening: int


@dataclass(frozen=True, slots=True)
class Bill:
    """A direct debit or standing order: from whom, how much (pence), on which day of the month (1 to 24)."""

    code: str
    party: str
    pence: int
    day: int
    reference: str


@dataclass(frozen=True, slots=True)
class Employment:
    """Where a person's salary or pension comes from; ``rule`` names the day it is paid."""

    party: str
    pence: int
    rule: str


@dataclass(frozen=True, slots=True)
class Household:
    """One to two people who share a purse."""

    seed: int
    key: str
    index: int
    persona: dict[str, Any]
    about: str
    people: tuple[Person, ...]
    holdings: tuple[Holding, ...]
    town: str
    area: str
    street: str
    bills: tuple[Bill, ...]
    jobs: tuple[Employment, ...]
    favourites: dict[str, tuple[str, ...]]
    friends: tuple[tuple[str, int, int], ...]
    subscriptions: tuple[tuple[str, int, int], ...]
    monthly_saving: int
    is_blocked: bool
    plans: dict[str, Any] = field(default_factory=dict, compare=False)
    """The months planned so far: the planner's own memory."""

    @property
    def monthly_bills(self) -> int:
        """What leaves each month whatever happens, in pence."""
        return sum(bill.pence for bill in self.bills)

    def number_of(self, role: str) -> int:
        """Return the number of the account in this role."""
        return next(holding.number for holding in self.holdings if holding.role == role)

    def draw(self, purpose: str) -> Random:
        """Return this household's own stream for one purpose."""
        return stream(self.seed, self.key, purpose)


def all_keys(customers: int) -> Sequence[str]:
    """Return the keys of the scenario households and of as many ordinary ones."""
    return [*table("scenarios"), *(f"psu.{number:04d}" for number in range(1, customers + 1))]


@cache
def household(seed: int, key: str) -> Household:
    """Return the household of a key; the same seed and key give the same household for ever."""
    scenario = table("scenarios").get(key, {})
    index = _index_of(key)
    persona_name = scenario.get("persona") or ORDINARY_PERSONAS[(index - 1) % len(ORDINARY_PERSONAS)]
    persona = table("personas")[persona_name]
    rng = stream(seed, key, "household")
    town, area = rng.choice(table("names")["towns"])
    street = f"{rng.randint(1, 148)} {rng.choice(table('names')['streets'])}"
    return Household(
        seed=seed,
        key=key,
        index=index,
        persona=persona,
        about=scenario.get("about", persona["about"]),
        people=_people(rng, key, index, persona, scenario),
        holdings=_holdings(rng, index, persona, scenario),
        town=town,
        area=area,
        street=street,
        bills=_bills(rng, persona),
        jobs=_jobs(rng, persona),
        favourites={name: tuple(rng.sample(kind["names"], 3)) for name, kind in table("merchants").items()},
        friends=tuple(_friend(rng) for _ in range(4)),
        subscriptions=_subscriptions(rng),
        monthly_saving=rng.randint(*persona["save"]) // 500 * 500,
        is_blocked=bool(scenario.get("blocked")),
    )


def password_of(seed: int, username: str) -> str:
    """Return a sandbox customer's password: it follows from the seed, so that the banner can show it."""
    letters = "abcdefghjkmnpqrstuvwxyz23456789"
    number = digest(seed, username, "password")
    drawn = "".join(letters[(number >> (8 * place)) % len(letters)] for place in range(12))
    return f"{drawn[:4]}-{drawn[4:8]}-{drawn[8:]}"


def _index_of(key: str) -> int:
    scenarios = list(table("scenarios"))
    return scenarios.index(key) if key in scenarios else _FIRST_ORDINARY_INDEX + int(key.rpartition(".")[2])


def _people(rng: Random, key: str, index: int, persona: dict[str, Any], scenario: dict[str, Any]) -> tuple[Person, ...]:
    usernames = [key, scenario.get("partner", f"{key}b")][: persona["people"]]
    surname = rng.choice(table("names")["surnames"])
    return tuple(
        Person(
            number=numbers.customer_number(index, place),
            username=username,
            forename=rng.choice(table("names")["forenames"]),
            surname=surname if rng.random() < 0.7 else rng.choice(table("names")["surnames"]),
            birth_date=date(rng.randint(*persona.get("born", (1962, 2002))), rng.randint(1, 12), rng.randint(1, 28)),
        )
        for place, username in enumerate(usernames)
    )


def _holdings(rng: Random, index: int, persona: dict[str, Any], scenario: dict[str, Any]) -> tuple[Holding, ...]:
    limits = {"current": persona["overdraft"], "card": persona["card_limit"]}
    openings = dict(persona["accounts"])
    if scenario.get("former"):
        openings["former"] = [20000, 90000]
    return tuple(
        Holding(role, numbers.account_number(index, slot), *_PRODUCTS[role], limits.get(role, 0), rng.randint(*opening))
        for slot, (role, opening) in enumerate(openings.items())
    )


def _bills(rng: Random, persona: dict[str, Any]) -> tuple[Bill, ...]:
    parties, housing = table("counterparties"), persona["housing"]
    if "mortgage" not in housing or rng.randrange(100) < persona["landlord_chance"]:
        rent = rng.randint(*housing["rent"]) // 500 * 500
        roof = Bill("SO", rng.choice(parties["landlords"]), rent, 1, f"RENT {rng.randint(1, 99)}")
    else:
        lender, pence = rng.choice(parties["originators"]["mortgage"]), rng.randint(*housing["mortgage"])
        roof = Bill("DD", lender, pence, 1, f"ML{rng.randrange(10**8):08d}")
    others = (
        Bill(
            "DD",
            rng.choice(parties["originators"][kind]),
            rng.randint(*pence),
            rng.randint(2, 24),
            f"{rng.randrange(10**10):010d}",
        )
        for kind, pence in persona["bills"].items()
    )
    return roof, *others


def _jobs(rng: Random, persona: dict[str, Any]) -> tuple[Employment, ...]:
    income = persona["income"]
    return tuple(
        Employment(
            rng.choice(table("counterparties")["employers"]),
            rng.randint(*income["pence"]),
            rng.choice(income.get("rules", ["first_bank_day"])),
        )
        for _ in range(persona["people"])
    )


def _friend(rng: Random) -> tuple[str, int, int]:
    names = table("names")
    return (
        f"{rng.choice(names['forenames'])} {rng.choice(names['surnames'])}",
        rng.randint(1000, 1999),
        rng.randrange(10**7, 10**8),
    )


def _subscriptions(rng: Random) -> tuple[tuple[str, int, int], ...]:
    kind = table("merchants")["subscription"]
    chosen = rng.sample(kind["names"], rng.randint(1, 3))
    return tuple((name, rng.randint(*kind["pence"]) // 100 * 100 + 99, rng.randint(2, 24)) for name in chosen)
