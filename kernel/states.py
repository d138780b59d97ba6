"""Life cycles as one table each: for code, tests, documents and database constraints."""

from collections.abc import Iterable, Iterator, Mapping
from typing import Generic, TypeVar

from kernel.errors import DomainError

S = TypeVar("S", bound=str)


class IllegalTransition(DomainError):
    code = "illegal_transition"
    detail = "This is not possible in the present state."


class Lifecycle(Generic[S]):
    """Which state may follow which; a state that leads nowhere is final."""

    def __init__(self, moves: Mapping[S, Iterable[S]]) -> None:
        self._moves = {state: frozenset(targets) for state, targets in moves.items()}
        unknown = {target for targets in self._moves.values() for target in targets} - self._moves.keys()
        assert not unknown, f"states without a row of their own: {unknown}"

    @property
    def states(self) -> tuple[S, ...]:
        """All states, sorted, so that migrations stay the same."""
        return tuple(sorted(self._moves))

    @property
    def final(self) -> tuple[S, ...]:
        """The states that lead nowhere, sorted, so that migrations stay the same."""
        return tuple(sorted(state for state, targets in self._moves.items() if not targets))

    def may(self, source: S, target: S) -> bool:
        """Say whether ``target`` may directly follow ``source``."""
        return target in self._moves[source]

    def ensure(self, source: S, target: S) -> None:
        """
        Refuse a move that the table does not have.

        :raises IllegalTransition: if ``target`` may not follow ``source``.
        """
        if not self.may(source, target):
            raise IllegalTransition(source=str(source), target=str(target))

    def __iter__(self) -> Iterator[tuple[S, S]]:
        """Yield every allowed move, sorted."""
        yield from sorted((source, target) for source, targets in self._moves.items() for target in targets)
