"""Money as integer minor units of an ISO 4217 currency."""

import re
from dataclasses import dataclass

from kernel.errors import DomainError

MINOR_DIGITS = {
    "AUD": 2, "BHD": 3, "BRL": 2, "CAD": 2, "CHF": 2, "CNY": 2, "CZK": 2, "DKK": 2, "EUR": 2, "GBP": 2,
    "HKD": 2, "HUF": 2, "INR": 2, "ISK": 0, "JPY": 0, "KRW": 0, "KWD": 3, "NOK": 2, "NZD": 2, "PLN": 2,
    "RON": 2, "SEK": 2, "SGD": 2, "TRY": 2, "USD": 2, "ZAR": 2,
}  # fmt: skip
"""ISO 4217: how many decimals each currency that the platform knows has."""

_AMOUNT = re.compile(r"[0-9]{1,13}(?:\.([0-9]{1,5}))?", re.ASCII)


class InvalidAmount(DomainError):
    code = "invalid_amount"
    detail = "The amount is not a positive decimal with at most the decimals of its currency."


class UnknownCurrency(DomainError):
    code = "unknown_currency"
    detail = "The currency is not one that the bank supports."


@dataclass(frozen=True, slots=True)
class Money:
    """An amount in minor units (pence, cents; may be negative) of a currency."""

    amount_minor: int
    currency: str

    @classmethod
    def parse(cls, amount: str, currency: str) -> "Money":
        """
        Read a standard's decimal string, such as ``"12.5"`` GBP.

        :raises UnknownCurrency: if the currency is not one of :data:`MINOR_DIGITS`.
        :raises InvalidAmount: if it is no decimal, or has more decimals than the currency.
        """
        digits = minor_digits(currency)
        match = _AMOUNT.fullmatch(amount)
        if match is None:
            raise InvalidAmount
        whole, _, fraction = amount.partition(".")
        if fraction.rstrip("0")[digits:]:
            raise InvalidAmount
        return cls(int(whole + fraction[:digits].ljust(digits, "0")), currency)

    def to_decimal_string(self) -> str:
        """Return the amount as the standards write it: sign, whole units, all decimals of the currency."""
        return decimal_string(self.amount_minor, self.currency)


def decimal_string(amount_minor: int, currency: str) -> str:
    """
    Return an amount as the standards write it: sign, whole units, all decimals of the currency.

    :raises UnknownCurrency: if the platform does not know the currency.
    """
    digits = minor_digits(currency)
    sign = "-" if amount_minor < 0 else ""
    figures = str(abs(amount_minor)).rjust(digits + 1, "0")
    return f"{sign}{figures[:-digits]}.{figures[-digits:]}" if digits else f"{sign}{figures}"


def minor_digits(currency: str) -> int:
    """
    Return how many decimals a currency has.

    :raises UnknownCurrency: if the platform does not know it.
    """
    try:
        return MINOR_DIGITS[currency]
    except KeyError:
        raise UnknownCurrency(currency=currency) from None
