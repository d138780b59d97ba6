"""Failed sign-ins are counted per name: after five, the name waits; whether it exists makes no difference."""

from hashlib import sha256

from django.core.cache import cache

LIMIT = 5
WINDOW_S = 300


def is_blocked(username: str) -> bool:
    """Say whether too many sign-ins with this name have failed in the last five minutes."""
    return int(cache.get(_key(username), 0)) >= LIMIT


def count_failure(username: str) -> None:
    """Count a failed sign-in."""
    key = _key(username)
    if not cache.add(key, 1, WINDOW_S):
        cache.incr(key)


def forget(username: str) -> None:
    """Start afresh after a sign-in that worked."""
    cache.delete(_key(username))


def _key(username: str) -> str:
    return f"sign-in-failures:{sha256(username.strip().lower().encode()).hexdigest()}"
