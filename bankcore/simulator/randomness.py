"""Random streams by name: what one agent draws never depends on another, on a process or on an order."""

import hashlib
from random import Random


def stream(seed: int, agent: str, purpose: str) -> Random:
    """Return the generator of one agent for one purpose: the same three give the same draws for ever."""
    return Random(digest(seed, agent, purpose))  # noqa: S311 - a simulation must be repeatable.


def digest(seed: int, agent: str, purpose: str) -> int:
    """Return 256 bits that belong to one agent and one purpose."""
    name = f"{seed}\x1f{agent}\x1f{purpose}".encode()
    return int.from_bytes(hashlib.sha256(name).digest(), "big")
