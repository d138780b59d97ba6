"""An endpoint that fails again and again is left alone, then asked by one probe."""

import pytest

from webhooks.breaker import Breaker


@pytest.fixture
def breaker():
    return Breaker()


def _calls(breaker, *, failures, successes=0, at_s=0.0):
    for is_failure in [False] * successes + [True] * failures:
        breaker.begin()
        breaker.end(is_failure=is_failure, at_s=at_s)


def test_few_failures_change_nothing(breaker):
    _calls(breaker, failures=9)

    assert breaker.allowance(10, at_s=0) == 10


def test_seven_of_ten_failures_hold_all_calls_back_for_a_minute(breaker):
    _calls(breaker, successes=3, failures=7)

    assert breaker.allowance(10, at_s=59) == 0
    assert breaker.allowance(10, at_s=60) == 1


def test_six_of_ten_failures_do_not(breaker):
    _calls(breaker, successes=4, failures=6)

    assert breaker.allowance(10, at_s=0) == 10


def test_failures_older_than_five_minutes_are_forgotten(breaker):
    _calls(breaker, failures=9, at_s=0)
    _calls(breaker, failures=1, at_s=301)

    assert breaker.allowance(10, at_s=301) == 10


def test_one_probe_decides(breaker):
    _calls(breaker, failures=10)

    breaker.begin()
    assert breaker.allowance(10, at_s=61) == 0  # the probe is under way.
    breaker.end(is_failure=True, at_s=62)
    assert breaker.allowance(10, at_s=121) == 0

    breaker.begin()
    breaker.end(is_failure=False, at_s=123)
    assert breaker.allowance(10, at_s=123) == 10


def test_answers_to_calls_begun_before_it_opened_are_no_probe(breaker):
    for _ in range(12):
        breaker.begin()
    for _ in range(12):
        breaker.end(is_failure=True, at_s=0)

    assert breaker.allowance(10, at_s=61) == 1
