"""Money is whole minor units of a known currency, or it is refused."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from kernel.money import MINOR_DIGITS, InvalidAmount, Money, UnknownCurrency

currencies = st.sampled_from(sorted(MINOR_DIGITS))


@given(amount_minor=st.integers(min_value=0, max_value=10**12), currency=currencies)
def test_what_is_written_is_read_back(amount_minor, currency):
    money = Money(amount_minor, currency)

    assert Money.parse(money.to_decimal_string(), currency) == money


@pytest.mark.parametrize(
    ("amount", "currency", "amount_minor"),
    [("12.5", "GBP", 1250), ("0.01", "GBP", 1), ("7", "JPY", 7), ("1.2340", "KWD", 1234), ("10.000", "EUR", 1000)],
)
def test_an_amount_is_read_in_the_minor_units_of_its_currency(amount, currency, amount_minor):
    assert Money.parse(amount, currency).amount_minor == amount_minor


@pytest.mark.parametrize(
    "amount", ["", "1.", ".5", "-1.00", "+1", "1e3", "1,00", "٣.00", "1.001", "NaN", " 1", "1" * 14]
)
def test_an_amount_that_is_no_positive_decimal_of_its_currency_is_refused(amount):
    with pytest.raises(InvalidAmount):
        Money.parse(amount, "GBP")


def test_an_unknown_currency_is_refused():
    with pytest.raises(UnknownCurrency):
        Money.parse("1.00", "XXX")


def test_a_debt_is_written_with_its_sign_before_all_digits():
    assert Money(-5, "GBP").to_decimal_string() == "-0.05"
