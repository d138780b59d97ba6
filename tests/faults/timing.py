"""Time passes while the traffic flows: a fault has its length, and comes at no special moment."""

import time
from typing import Any

from tests.support import waiting

WITHIN_S = 120.0
"""Services come back and groups find together within seconds, on a busy machine within a minute or more."""


def pause(seconds: float) -> None:
    """Let a world run; what it must have come to then is waited for, never assumed."""
    time.sleep(seconds)


def wait_until(is_true: Any, otherwise: str, within_s: float = WITHIN_S) -> None:
    """Wait until something is true; fail, saying what is not, when the time is over."""
    waiting.wait_until(is_true, otherwise, within_s)
