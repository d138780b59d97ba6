"""What a process of the stream arranges for itself, once, before its loops run."""

import gc

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
