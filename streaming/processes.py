"""What a process of the stream arranges for itself, once, before its loops run."""

import gc
import sys

LONGEST_TURN_S = 0.000_5
COLLECT_AFTER = 50_000
"""Objects made and still there: more than a few batches hold at once, so that hardly any is ever looked at."""


def freeze_what_stays() -> None:
    """
    Spare the collector what a process has loaded.

    A chunk or batch makes thousands of objects: the collector would go through all of Django for each few of them.
    """
    gc.collect()
    gc.freeze()
    gc.set_threshold(COLLECT_AFTER)


def take_short_turns() -> None:
    """
    Let a thread that has heard from the database go on soon, though another one is busy reading ahead.

    A batch is a dozen statements: with turns of 5 ms, as Python has them, it would lose more than it wins.
    """
    sys.setswitchinterval(LONGEST_TURN_S)
