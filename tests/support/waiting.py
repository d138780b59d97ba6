"""Wait for a state with a deadline, never for a time."""

import time
from collections.abc import Callable
from typing import TypeVar

T = TypeVar("T")


def wait_for(probe: Callable[[], T], *, within_s: float = 20.0) -> T:
    """
    Return what ``probe`` says as soon as it is true.

    :raises TimeoutError: if it is not in time.
    """
    deadline = time.monotonic() + within_s
    while not (found := probe()):
        if time.monotonic() > deadline:
            raise TimeoutError(f"not within {within_s} s")
        time.sleep(0.05)
    return found
