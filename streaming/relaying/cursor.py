"""How far a leader has come, stored now and then together with the lease, and with what had to be held."""

import time
from collections.abc import Sequence

import psycopg
from psycopg.rows import TupleRow

from streaming.relaying import holding, lease
from streaming.relaying.holding import HeldEvent
from streaming.relaying.lease import Leadership
from streaming.relaying.reader import Position


class Cursor:
    """The position up to which everything has arrived or is held."""

    def __init__(self, connection: psycopg.Connection[TupleRow], leadership: Leadership) -> None:
        self._connection = connection
        self._leadership = leadership
        self._position = leadership.position
        self._held: list[HeldEvent] = []
        self._stored_at = time.monotonic()

    def move(self, position: Position, held: Sequence[HeldEvent]) -> None:
        """Note that everything up to a position has arrived, but for some events that are to be held."""
        self._position = position
        self._held += held

    def hold(self, held: Sequence[HeldEvent]) -> None:
        """
        Store events that are to be held at once, without moving on.

        :raises LeaseLost: if the lease is no longer ours, or ran out.
        """
        self._held += held
        if held:
            self.store()

    def store_if_due(self) -> None:
        """
        Store the position and renew the lease, if the last time is long enough ago.

        :raises LeaseLost: if it is no longer ours, or ran out.
        """
        if time.monotonic() - self._stored_at >= lease.STORE_EVERY_S:
            self.store()

    def store(self) -> None:
        """
        Store the position and what is held by one transaction, and renew the lease.

        :raises LeaseLost: if it is no longer ours, or ran out.
        """
        # Not waiting for the disk is safe here: what is lost in a crash is sent twice, and consumers dedupe.
        with self._connection.transaction():
            self._connection.execute("SET LOCAL synchronous_commit = off")
            lease.store(self._connection, self._leadership, self._position)
            holding.hold(self._connection, self._held)
        self._held.clear()
        self._stored_at = time.monotonic()

    def let_go(self, topic: str, ids: Sequence[int]) -> None:
        """
        Forget held events that have arrived.

        :raises LeaseLost: if the lease is no longer ours, or ran out.
        """
        with self._connection.transaction():
            self._connection.execute("SET LOCAL synchronous_commit = off")
            lease.renew(self._connection, self._leadership)
            holding.let_go(self._connection, topic, ids)
