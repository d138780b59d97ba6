"""The published schedule of attempts, and what each answer means."""

from datetime import UTC, datetime

import pytest

from webhooks.retries import SCHEDULE_S, Answer, Failure, judge, parse_retry_after
from webhooks.states import DeliveryState

NOON = datetime(2026, 11, 23, 12, 0, tzinfo=UTC)


def test_ten_attempts_are_made_in_seventy_five_hours_and_thirty_five_minutes():
    answers = [judge(Answer(status=503), attempt=attempt, jitter=0) for attempt in range(1, 11)]

    assert [verdict.state for verdict in answers] == [DeliveryState.DUE] * 9 + [DeliveryState.EXHAUSTED]
    assert [verdict.delay_s for verdict in answers[:9]] == [5, 300, 1800, 7200, 18000, 36000, 50400, 72000, 86400]
    assert sum(SCHEDULE_S) == (75 * 60 + 35) * 60 + 5


@pytest.mark.parametrize("jitter", [-1, -0.3, 0.5, 1])
@pytest.mark.parametrize("attempt", range(1, 10))
def test_each_pause_is_within_a_fifth_of_the_schedule(attempt, jitter):
    delay_s = judge(Answer(status=500), attempt=attempt, jitter=jitter).delay_s

    assert delay_s == pytest.approx(SCHEDULE_S[attempt - 1] * (1 + 0.2 * jitter))


@pytest.mark.parametrize("status", [200, 201, 202, 204, 299])
def test_any_2xx_is_delivered(status):
    assert judge(Answer(status=status), attempt=1, jitter=0).state == DeliveryState.DELIVERED


def test_410_ends_the_delivery_and_disables_the_endpoint_at_once():
    verdict = judge(Answer(status=410), attempt=1, jitter=0)

    assert (verdict.state, verdict.disables_endpoint) == (DeliveryState.EXHAUSTED, True)


@pytest.mark.parametrize("status", [101, 301, 302, 307, 308, 408, 409, 425, 429, 500, 502, 503, 504, 599])
def test_what_may_pass_is_tried_on_the_whole_schedule(status):
    assert judge(Answer(status=status), attempt=9, jitter=0).state == DeliveryState.DUE
    assert judge(Answer(status=status), attempt=10, jitter=0).state == DeliveryState.EXHAUSTED


@pytest.mark.parametrize("failure", [Failure.TIMEOUT, Failure.NO_CONNECTION])
def test_no_answer_is_tried_on_the_whole_schedule(failure):
    verdict = judge(Answer(failure=failure), attempt=9, jitter=0)

    assert (verdict.state, verdict.reason) == (DeliveryState.DUE, failure.value)


@pytest.mark.parametrize(
    "answer",
    [
        *(Answer(status=status) for status in (400, 401, 403, 404, 405, 422, 451)),
        Answer(failure=Failure.CERTIFICATE),
        Answer(failure=Failure.ADDRESS_FORBIDDEN),
    ],
)
def test_a_refusal_gets_three_tries(answer):
    assert [judge(answer, attempt=attempt, jitter=0).state for attempt in (1, 2, 3)] == [
        DeliveryState.DUE,
        DeliveryState.DUE,
        DeliveryState.EXHAUSTED,
    ]


def test_a_longer_retry_after_wins_up_to_a_day():
    def delay_s(retry_after_s):
        return judge(Answer(status=429, retry_after_s=retry_after_s), attempt=1, jitter=0).delay_s

    assert delay_s(3600) == 3600
    assert delay_s(1) == 5
    assert delay_s(10**9) == 24 * 3600


@pytest.mark.parametrize(
    ("header", "seconds"),
    [
        ("3600", 3600),
        ("Mon, 23 Nov 2026 12:01:00 GMT", 60),
        ("Mon, 23 Nov 2026 11:00:00 GMT", 0),
        ("soon", 0),
        ("", 0),
        ("-5", 0),
        ("9" * 400, 999_999_999),
        ("Mon, 99 Nov 2026 12:01:00 GMT", 0),
        ("Mon, 23 Nov 2026 12:01:00 -0000", 60),
    ],
)
def test_retry_after_is_seconds_or_a_date(header, seconds):
    assert parse_retry_after(header, now=NOON) == seconds
