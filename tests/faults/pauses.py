"""Time passes while the traffic flows: a fault has its length, and comes at no special moment."""

import time


def pause(seconds: float) -> None:
    """Let a world run; what it must have come to then is waited for, never assumed."""
    time.sleep(seconds)
