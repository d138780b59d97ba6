"""What an answer means for its delivery: delivered, tried again later, given up."""

import math
from dataclasses import dataclass
from datetime import UTC, datetime
from email.utils import parsedate_to_datetime
from enum import StrEnum

from webhooks.states import DeliveryState

SCHEDULE_S = (5, 5 * 60, 30 * 60, 2 * 3600, 5 * 3600, 10 * 3600, 14 * 3600, 20 * 3600, 24 * 3600)
"""Seconds between one attempt and the next: ten attempts in 75 hours 35 minutes. Published in the API's document."""

JITTER = 0.2
"""Each pause is this much shorter or longer, so that a receiver's recovery is not met by everybody at once."""

TRIES_OF_A_REFUSAL = 3
"""An answer that says "never" is asked again twice: it may have been a mistaken deployment."""

LONGEST_RETRY_AFTER_S = 24 * 3600

_TEMPORARY = frozenset({408, 409, 425, 429})


class Failure(StrEnum):
    """Why there was no answer."""

    TIMEOUT = "timeout"
    NO_CONNECTION = "no_connection"
    CERTIFICATE = "certificate"
    ADDRESS_FORBIDDEN = "address_forbidden"


@dataclass(frozen=True, slots=True, kw_only=True)
class Answer:
    """What came back from one call: a status, or a failure."""

    status: int | None = None
    failure: Failure | None = None
    retry_after_s: float = 0.0
    duration_ms: int = 0
    excerpt: str = ""
    """The beginning of the body (or of the error), for the endpoint's owner to read."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Verdict:
    """What is to be done: ``delay_s`` is the pause before the next attempt, if there is one."""

    state: DeliveryState
    reason: str
    delay_s: float = 0.0
    disables_endpoint: bool = False
    is_endpoint_at_fault: bool = False
    """Counts for the endpoint's circuit breaker."""


def judge(answer: Answer, *, attempt: int, jitter: float) -> Verdict:
    """Decide after the ``attempt``-th call (from 1) of a delivery; ``jitter`` lies in [-1, 1]."""
    reason = answer.failure.value if answer.failure else f"status_{answer.status}"
    if answer.status is not None and 200 <= answer.status < 300:
        return Verdict(state=DeliveryState.DELIVERED, reason=reason)
    if answer.status == 410:
        return Verdict(state=DeliveryState.EXHAUSTED, reason=reason, disables_endpoint=True)

    is_temporary = _is_temporary(answer)
    tries = len(SCHEDULE_S) + 1 if is_temporary else TRIES_OF_A_REFUSAL
    if attempt >= tries:
        return Verdict(state=DeliveryState.EXHAUSTED, reason=reason, is_endpoint_at_fault=is_temporary)
    return Verdict(
        state=DeliveryState.DUE,
        reason=reason,
        delay_s=max(pause_s(attempt, jitter=jitter), min(answer.retry_after_s, LONGEST_RETRY_AFTER_S)),
        is_endpoint_at_fault=is_temporary,
    )


def pause_s(attempt: int, *, jitter: float) -> float:
    """Return the seconds between the ``attempt``-th try (from 1) and the next."""
    return SCHEDULE_S[min(attempt, len(SCHEDULE_S)) - 1] * (1 + JITTER * jitter)


def parse_retry_after(value: str, *, now: datetime) -> float:
    """Return the seconds that a ``Retry-After`` header asks for (RFC 9110 §10.2.3); 0 if it cannot be read."""
    if value.isascii() and value.isdigit():
        return float(value[:9])
    try:
        at = parsedate_to_datetime(value)
    except ValueError:
        return 0.0
    wait = (at.replace(tzinfo=at.tzinfo or UTC) - now).total_seconds()
    return max(0.0, wait) if math.isfinite(wait) else 0.0


def _is_temporary(answer: Answer) -> bool:
    if answer.status is None:
        return answer.failure in {Failure.TIMEOUT, Failure.NO_CONNECTION}
    return answer.status in _TEMPORARY or not 400 <= answer.status < 500  # a redirect is never followed.
