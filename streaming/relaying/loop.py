"""The relay's life: wait for the lease, check the log, lead, hand over."""

import logging
import os
import secrets
import socket
import threading
import time
from collections.abc import Callable
from contextlib import closing, suppress

import psycopg
from confluent_kafka import KafkaException
from psycopg.rows import TupleRow

from streaming.database import connect
from streaming.relaying import holding, lease, start_check
from streaming.relaying.cursor import Cursor
from streaming.relaying.draining import Draining
from streaming.relaying.lease import Leadership, LeaseLost
from streaming.relaying.ranges import ShardRange
from streaming.relaying.read_ahead import ReadAhead
from streaming.relaying.resizing import make_rows
from streaming.relaying.sender import Sender, SendFailed
from streaming.relaying.tail import TailUnread
from streaming.relaying.term import Term

logger = logging.getLogger(__name__)

HAND_OVER_WITHIN_S = 5.0
SHORTEST_PAUSE_S = 0.1
LONGEST_PAUSE_S = 2.0
STEADY_AFTER_S = 10.0
"""What worked for so long and then failed is tried again at once."""


class RelayLoop:
    """One runner of one range: the leader, or the one who waits to become it."""

    def __init__(self, shards: ShardRange, stop: threading.Event, *, term_s: float = float("inf")) -> None:
        self._shards = shards
        self._stop = stop
        self._term = Term(term_s)
        self._owner = f"{socket.gethostname()}:{os.getpid()}:{secrets.token_hex(4)}"

    def run(self) -> None:
        """
        Publish the range until told to stop or the term of leading is over; return if two others do already.

        After any failure everything in memory is forgotten, and the stored position counts: PostgreSQL may use
        again the transaction ids of what it lost in a crash.
        """
        pause_s = SHORTEST_PAUSE_S
        while not self._stop.is_set():
            started = time.monotonic()
            try:
                with connect() as connection:
                    if leadership := self._wait_for_lease(connection):
                        self._serve(connection, leadership)
            except TailUnread:
                return
            except (psycopg.Error, LeaseLost) as error:
                logger.warning("%s begins anew: %s: %s", self._shards.name, type(error).__name__, error)
            except (KafkaException, SendFailed) as error:
                logger.error("%s begins anew: %s", self._shards.name, error)  # noqa: TRY400 - the reason says all.
            else:
                return
            if time.monotonic() - started > STEADY_AFTER_S:
                pause_s = SHORTEST_PAUSE_S
            self._stop.wait(pause_s)
            pause_s = min(pause_s * 2, LONGEST_PAUSE_S)

    def _wait_for_lease(self, connection: psycopg.Connection[TupleRow]) -> Leadership | None:
        name, owner = self._shards.name, self._owner
        make_rows(connection)
        while not self._stop.is_set():
            if leadership := lease.take(connection, name=name, owner=owner):
                self._term.begin()
                return leadership
            if not lease.stand_by(connection, name=name, owner=owner):
                return None
            self._stop.wait(lease.STANDBY_TRIES_EVERY_S)
        lease.step_back(connection, name=name, owner=owner)
        return None

    def _serve(self, connection: psycopg.Connection[TupleRow], leadership: Leadership) -> None:
        def is_over() -> bool:
            return self._stop.is_set() or self._term.is_over(
                lambda: lease.has_standby(connection, name=leadership.name)
            )

        try:
            refusal = start_check.find_refusal(connection, leadership, is_over=is_over)
            if refusal is None:
                self._lead(connection, leadership, is_over)
            else:
                self._refuse(connection, leadership, refusal, is_over)
        finally:
            # Where that fails, because the connection or the lease is lost, there is nothing to give back.
            with suppress(psycopg.Error):
                lease.release(connection, leadership)

    def _refuse(
        self,
        connection: psycopg.Connection[TupleRow],
        leadership: Leadership,
        refusal: str,
        is_over: Callable[[], bool],
    ) -> None:
        """Publish nothing, but keep the lease: nobody else shall try. Whoever adopts the log takes it away."""
        logger.critical("%s is not published: %s", leadership.name, refusal)
        while not is_over():
            lease.renew(connection, leadership)
            self._stop.wait(lease.STORE_EVERY_S)

    def _lead(
        self, connection: psycopg.Connection[TupleRow], leadership: Leadership, is_over: Callable[[], bool]
    ) -> None:
        logger.info("%s led by %s, epoch %d", leadership.name, leadership.owner, leadership.epoch)
        held = holding.held_topics(connection, self._shards)
        sender = Sender(epoch=leadership.epoch, held=held)
        cursor = Cursor(connection, leadership)
        draining = Draining(connection, self._shards, sender, cursor, epoch=leadership.epoch)
        with closing(sender), closing(draining):
            with closing(ReadAhead(self._shards, leadership.position)) as ahead:
                while not is_over():
                    self._publish(ahead, sender, draining, cursor)
            self._finish(sender, cursor)
        cursor.store()

    def _publish(self, ahead: ReadAhead, sender: Sender, draining: Draining, cursor: Cursor) -> None:
        """Send a chunk if one is there and there is room for it; note what has arrived."""
        wait_s = 0.005 if draining.is_busy else 0.02
        if sender.has_room and not draining.needs_quiet:
            chunk = ahead.take(wait_s)
            if chunk is not None:
                sender.send(chunk)
            wait_s = 0.0
        sender.arrived(wait_s, cursor)
        draining.go_on()
        cursor.store_if_due()

    def _finish(self, sender: Sender, cursor: Cursor) -> None:
        """Let what is under way arrive, within reason: the rest is sent by the next leader."""
        until = time.monotonic() + HAND_OVER_WITHIN_S
        while not sender.is_idle and time.monotonic() < until:
            sender.arrived(0.05, cursor)
            cursor.store_if_due()
