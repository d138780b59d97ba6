"""Whoever acts says why."""

from streaming.errors import ReasonMissing


def stated(reason: str) -> str:
    """
    Return the reason as it is kept.

    :raises ReasonMissing: if none is given.
    """
    kept = reason.strip()
    if not kept:
        raise ReasonMissing
    return kept
