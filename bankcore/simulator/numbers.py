"""Numbers that the bank gives out: by an agent's own index, so that no agent's depend on another's."""

from uuid import UUID

from django.conf import settings

from kernel.identifiers import entity_id

SORT_CODE = "000926"
"""Of a range that no British bank has."""
BANK_CODE = "TLRC"
"""The bank's four letters in an IBAN."""


def account_number(index: int, slot: int) -> int:
    """Return the core's number of an agent's account: sort code and 8 digits; looks random, never repeats."""
    return int(SORT_CODE) * 10**8 + ((index * 8 + slot) * 38_712_977 + 11_483_251) % 10**8


def customer_number(index: int, person: int) -> int:
    """Return the core's number of an agent's n-th person."""
    return 1_000_000 + ((index * 2 + person) * 4_471_913 + 2_718_281) % 9_000_000


def iban_of(account: int) -> str:
    """Return the IBAN of an account (ISO 13616, check digits by ISO 7064)."""
    tail = f"{BANK_CODE}{account:014d}"
    as_digits = "".join(str(int(character, 36)) for character in f"{tail}GB00")
    return f"GB{98 - int(as_digits) % 97:02d}{tail}"


def card_number(index: int) -> str:
    """Return a 16-digit card number of a range that no scheme has, with Luhn's check digit."""
    body = f"98260{(index * 7_368_787 + 5_923) % 10**10:010d}"
    doubled = (int(digit) * (2 if place % 2 == 0 else 1) for place, digit in enumerate(body))
    return f"{body}{-sum(value - 9 if value > 9 else value for value in doubled) % 10}"


def account_of_iban(iban: str) -> int | None:
    """Return the core's number of an account at this bank, or ``None`` if the IBAN is another bank's."""
    compact = iban.replace(" ", "")
    return int(compact[8:]) if compact[4:8] == BANK_CODE and compact[8:].isdecimal() and len(compact) == 22 else None


def account_id(account: int) -> UUID:
    """Return the public id that the platform gives an account of the core."""
    return entity_id(settings.INSTITUTION, "account", f"{account:014d}")


def transaction_id(account: int, reference: int) -> UUID:
    """Return the public id that the platform gives a movement of the core."""
    return entity_id(settings.INSTITUTION, "transaction", f"{account:014d}:{reference}")
