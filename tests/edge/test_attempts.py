"""Attempts to sign in are counted per name, also those made at once."""

from concurrent.futures import ThreadPoolExecutor
from secrets import token_hex

import pytest

from edge import attempts


@pytest.fixture
def name() -> str:
    return f"guessed-{token_hex(8)}"


def test_row_75_of_twenty_guesses_made_at_once_five_are_tried(name):
    with ThreadPoolExecutor(8) as guessers:
        admitted = list(guessers.map(lambda _: attempts.admit(name), range(20)))
    assert sum(admitted) == 5


def test_a_name_is_one_however_it_is_written(name):
    for _ in range(5):
        assert attempts.admit(f" {name.upper()}")
    assert not attempts.admit(name)


def test_a_sign_in_that_worked_starts_afresh(name):
    for _ in range(12):
        assert attempts.admit(name)
        attempts.forget(name)
