"""How long a runner may lead, where it shall not do so for ever."""

import time
from collections.abc import Callable

LOOK_EVERY_S = 1.0


class Term:
    """
    Begins when its runner first leads: who waits may have to lead at any moment, and has all of its term before it.

    It ends when its length is over and somebody waits to go on. While nobody does, it lasts on, up to twice its
    length: for that time the range would not be published.
    """

    def __init__(self, length_s: float) -> None:
        self._length_s = length_s
        self._last_end = float("inf")
        self._next_look = float("inf")

    def begin(self) -> None:
        """Count from now, unless it has begun already."""
        if self._next_look == float("inf"):
            self._next_look = time.monotonic() + self._length_s
            self._last_end = self._next_look + self._length_s

    def is_over(self, somebody_waits: Callable[[], bool]) -> bool:
        """Say whether it has ended; ``somebody_waits`` is asked now and then once its length is over."""
        now = time.monotonic()
        if now < self._next_look:
            return False
        if now >= self._last_end or somebody_waits():
            return True
        self._next_look = now + LOOK_EVERY_S
        return False
