"""A circuit breaker per endpoint: one that fails again and again is left alone for a while."""

from collections import deque
from dataclasses import dataclass, field

WINDOW_S = 300.0
SAMPLES = 10
FAILURE_SHARE = 0.7
OPEN_S = 60.0


@dataclass(slots=True)
class Breaker:
    """
    Closed, all may pass; open, none; after a minute one probe decides.

    Times are those of a monotonic clock, in seconds. Waiting costs a delivery none of its attempts.
    """

    _samples: deque[tuple[float, bool]] = field(default_factory=deque)
    _open_until: float | None = None
    _is_probing: bool = False

    def allowance(self, slots: int, *, at_s: float) -> int:
        """Say how many of ``slots`` calls may be made now."""
        if self._open_until is None:
            return slots
        return 0 if self._is_probing or at_s < self._open_until else 1

    def begin(self) -> None:
        """Note that a call is made."""
        self._is_probing = self._open_until is not None

    def end(self, *, is_failure: bool, at_s: float) -> None:
        """Note how a call ended."""
        if self._is_probing:
            self._is_probing = False
            self._samples.clear()
            self._open_until = at_s + OPEN_S if is_failure else None
            return
        self._samples.append((at_s, is_failure))
        while self._samples[0][0] < at_s - WINDOW_S:
            self._samples.popleft()
        failures = sum(failed for _, failed in self._samples)
        if len(self._samples) >= SAMPLES and failures >= FAILURE_SHARE * len(self._samples):
            self._open_until = at_s + OPEN_S

    @property
    def is_open(self) -> bool:
        """Whether calls are held back, or a probe is under way."""
        return self._open_until is not None
