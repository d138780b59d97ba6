"""What a rebuild reads: all that the live group has had, in passes, each of which brings what came since."""

from collections.abc import Callable, Iterator, Sequence
from typing import NamedTuple, Protocol, TypeAlias

from streaming.consuming.records import RawRecord

BATCH = 1000

Progress: TypeAlias = Callable[[int, int], None]
"""Is told how far a pass has come, and how far it goes."""


class Portion(NamedTuple):
    """Records in the order in which they are to be applied, or, if people gave them up, to be passed over."""

    records: Sequence[RawRecord]
    is_given_up: bool = False


class Source(Protocol):
    """Where records come from; what the live group has set aside and not applied since never comes."""

    def next_pass(self, progress: Progress) -> Iterator[Portion]:
        """
        Yield what the live group has had by now and no earlier pass brought; of each key in its order.

        A pass belongs into one transaction of the reading session, which sees one moment all the while: of a key,
        what came at that moment is then never without what came before it. One whose moment is that of a held group
        brings the rest.
        """

    def close(self) -> None:
        """Let go of what was opened."""


def portions(records: Iterator[tuple[RawRecord, bool]]) -> Iterator[Portion]:
    """Yield records in portions; of each record is said whether it was given up."""
    portion: list[RawRecord] = []
    kind = False
    for record, is_given_up in records:
        if portion and is_given_up != kind:
            yield Portion(portion, kind)
            portion = []
        kind = is_given_up
        portion.append(record)
    if portion:
        yield Portion(portion, kind)
