"""Which shards one relay publishes; fixed, as each range keeps a place in the log of its own."""

from dataclasses import dataclass

from streaming.events import SHARDS


@dataclass(frozen=True, slots=True, kw_only=True)
class ShardRange:
    """Shards from ``low`` to ``high``, both included."""

    low: int
    high: int

    @property
    def name(self) -> str:
        """The name of its lease."""
        return f"relay:{self.low}-{self.high}"


RANGES = (ShardRange(low=0, high=SHARDS - 1),)


class UnknownRange(LookupError):
    """No relay has this name."""


def get_range(name: str) -> ShardRange:
    """
    Return the range with the name, such as ``relay:0-63``.

    :raises UnknownRange: if there is none.
    """
    for each in RANGES:
        if each.name == name:
            return each
    raise UnknownRange(name)
