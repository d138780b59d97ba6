"""How much is measured: ``SIZE=full`` for figures, ``SIZE=small`` to see that everything runs."""

from dataclasses import dataclass, replace
from typing import Self


@dataclass(frozen=True, slots=True, kw_only=True)
class Scale:
    """How large each load is, and how often it is measured."""

    rounds: int
    writers: tuple[int, ...]
    """How many write to the outbox at once; the most of them are judged."""
    writing_s: float
    """How long each side of the outbox writes."""
    relayed: int
    """Events that the relay and the bare producer publish in one round."""
    tasks: int
    """Events that are published by one Celery task each: far fewer, as they are so slow."""
    backlog: int
    ingested: int
    rows_one_by_one: int
    """Events that row-by-row ORM applies in one round."""
    rates: tuple[int, ...]
    """Events a second at which freshness is watched; the highest is judged."""
    paced_s: float
    """How long freshness is watched at each rate."""
    customers: int
    """Customers of the simulated bank whose pages saturate the API."""

    def with_rounds(self, rounds: int) -> Self:
        """Return the same size, measured so often."""
        return replace(self, rounds=rounds)


FULL = Scale(
    rounds=3,
    writers=(1, 8),
    writing_s=5,
    relayed=200_000,
    tasks=2_000,
    backlog=1_000_000,
    ingested=100_000,
    rows_one_by_one=1_000,
    rates=(300, 1_000),
    paced_s=20,
    customers=5,
)

SMALL = Scale(
    rounds=1,
    writers=(1, 2),
    writing_s=0.5,
    relayed=6_000,
    tasks=60,
    backlog=10_000,
    ingested=4_000,
    rows_one_by_one=60,
    rates=(300,),
    paced_s=1,
    customers=1,
)

SCALES = {"full": FULL, "small": SMALL}
