"""Which shards one relay publishes; each range keeps a place in the log of its own."""

from dataclasses import dataclass

from django.conf import settings

from streaming.events import SHARDS

LOW_SQL = "split_part(split_part(r.name, ':', 2), '-', 1)::int"
"""The first shard of the range whose row is ``r``."""
HIGH_SQL = "split_part(r.name, '-', 2)::int"
"""Its last shard."""


@dataclass(frozen=True, slots=True, kw_only=True)
class ShardRange:
    """Shards from ``low`` to ``high``, both included."""

    low: int
    high: int

    @property
    def name(self) -> str:
        """The name of its lease."""
        return f"relay:{self.low}-{self.high}"


class UnknownRange(LookupError):
    """No relay of this deployment has this name."""


def ranges() -> tuple[ShardRange, ...]:
    """Return the ranges of this deployment: as many as ``RELAY_RANGES`` says, all of one size."""
    size = SHARDS // settings.RELAY_RANGES
    return tuple(ShardRange(low=low, high=low + size - 1) for low in range(0, SHARDS, size))


def get_range(name: str) -> ShardRange:
    """
    Return the range with the name, such as ``relay:0-63``.

    :raises UnknownRange: if there is none.
    """
    for each in ranges():
        if each.name == name:
            return each
    raise UnknownRange(name)
