"""Wait for a state with a deadline, never for a time."""

import time
from collections.abc import Callable
from typing import Any, TypeVar

T = TypeVar("T")

WITHIN_S = 30.0


def wait_for(probe: Callable[[], T], *, within_s: float = 20.0) -> T:
    """
    Return what ``probe`` says as soon as it is true.

    :raises TimeoutError: if it is not in time.
    """
    deadline = time.monotonic() + within_s
    while not (found := probe()):
        if time.monotonic() > deadline:
            raise TimeoutError(f"not within {within_s} s")
        time.sleep(0.02)
    return found


def wait_until(is_true: Any, otherwise: str, within_s: float = WITHIN_S) -> None:
    """Wait until something is true; fail, saying what is not, when the time is over."""
    try:
        wait_for(is_true, within_s=within_s)
    except TimeoutError:
        raise AssertionError(otherwise) from None
