"""What a rebuild reads: all that the live group has had, in passes, each of which brings what came since."""

from collections.abc import Callable, Iterator, Sequence
from typing import Protocol, TypeAlias

from streaming.consuming.records import RawRecord

BATCH = 1000

Progress: TypeAlias = Callable[[int, int], None]
"""Is told how far a pass has come, and how far it goes."""


class Source(Protocol):
    """Where records come from; what the live group has set aside and not applied since never comes."""

    def next_pass(self, progress: Progress) -> Iterator[Sequence[RawRecord]]:
        """
        Yield, in batches, what the live group has had by now and no earlier pass brought; of each key in its order.

        A pass that begins while the group is locked brings the rest.
        """

    def close(self) -> None:
        """Let go of what was opened."""
