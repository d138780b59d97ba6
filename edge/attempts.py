"""Attempts to sign in are counted per name: after five that failed, the name waits, whether or not it exists."""

from hashlib import sha256

from django.core.cache import cache

LIMIT = 5
WINDOW_S = 300


def admit(name: str) -> bool:
    """
    Count an attempt, and say whether it may be made: not after five that failed in the last five minutes.

    It counts before it is known to fail, so that guesses made at once all count.
    """
    key = _key(name)
    if cache.add(key, 1, WINDOW_S):
        return True
    try:
        return int(cache.incr(key)) <= LIMIT
    except ValueError:  # the five minutes ended between the two calls.
        return True


def forget(name: str) -> None:
    """Start afresh after a sign-in that worked."""
    cache.delete(_key(name))


def _key(name: str) -> str:
    return f"sign-in-attempts:{sha256(name.strip().lower().encode()).hexdigest()}"
