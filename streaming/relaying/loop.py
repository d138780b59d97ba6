"""The relay's life: wait for the lease, lead, hand over."""

import logging
import os
import secrets
import socket
import threading
import time
from contextlib import closing, suppress

import psycopg
from confluent_kafka import KafkaException
from psycopg.rows import TupleRow

from streaming import kafka
from streaming.database import connect
from streaming.relaying import lease
from streaming.relaying.lease import Leadership, LeaseLost
from streaming.relaying.ranges import ShardRange
from streaming.relaying.read_ahead import ReadAhead
from streaming.relaying.reader import Position
from streaming.relaying.sender import Sender, SendFailed

logger = logging.getLogger(__name__)

HAND_OVER_WITHIN_S = 5.0
SHORTEST_PAUSE_S = 0.1
LONGEST_PAUSE_S = 2.0


class RelayLoop:
    """One runner of one range: the leader, or the one who waits to become it."""

    def __init__(self, shards: ShardRange, stop: threading.Event, *, term_s: float = float("inf")) -> None:
        self._shards = shards
        self._stop = stop
        self._ends_at = time.monotonic() + term_s
        self._owner = f"{socket.gethostname()}:{os.getpid()}:{secrets.token_hex(4)}"

    def run(self) -> None:
        """
        Publish the range until told to stop or the term is over; return at once if two others do already.

        After any failure everything in memory is forgotten, and the stored position counts: PostgreSQL may use
        again the transaction ids of what it lost in a crash.
        """
        pause_s = SHORTEST_PAUSE_S
        while not self._is_over():
            try:
                with connect() as connection:
                    leadership = self._wait_for_lease(connection)
                    if leadership is None:
                        return
                    pause_s = SHORTEST_PAUSE_S
                    self._lead(connection, leadership)
            except (psycopg.Error, KafkaException, LeaseLost, SendFailed) as error:
                logger.warning("%s begins anew: %s: %s", self._shards.name, type(error).__name__, error)
                self._stop.wait(pause_s)
                pause_s = min(pause_s * 2, LONGEST_PAUSE_S)

    def _wait_for_lease(self, connection: psycopg.Connection[TupleRow]) -> Leadership | None:
        name, owner = self._shards.name, self._owner
        lease.ensure_row(connection, name=name)
        while not self._is_over():
            if leadership := lease.take(connection, name=name, owner=owner):
                return leadership
            if not lease.stand_by(connection, name=name, owner=owner):
                return None
            self._stop.wait(lease.STANDBY_TRIES_EVERY_S)
        lease.step_back(connection, name=name, owner=owner)
        return None

    def _lead(self, connection: psycopg.Connection[TupleRow], leadership: Leadership) -> None:
        logger.info("%s led by %s, epoch %d", leadership.name, leadership.owner, leadership.epoch)
        sender = Sender(kafka.new_producer(), epoch=leadership.epoch)
        cursor = _Cursor(connection, leadership)
        try:
            with closing(ReadAhead(self._shards, leadership.position)) as ahead:
                while not self._is_over():
                    self._publish(ahead, sender, cursor)
            self._finish(sender, cursor)
        except (KafkaException, SendFailed):
            cursor.release()  # the connection is well: let the other one try.
            raise
        finally:
            sender.close()
        cursor.release()

    def _publish(self, ahead: ReadAhead, sender: Sender, cursor: "_Cursor") -> None:
        """Send a chunk if one is there and there is room for it; note what has arrived."""
        if sender.has_room:
            chunk = ahead.take(0.02)
            if chunk is not None:
                sender.send(chunk)
            wait_s = 0.0
        else:
            wait_s = 0.05
        cursor.move(sender.arrived(wait_s))

    def _finish(self, sender: Sender, cursor: "_Cursor") -> None:
        """Let what is under way arrive, within reason: the rest is sent by the next leader."""
        until = time.monotonic() + HAND_OVER_WITHIN_S
        while not sender.is_idle and time.monotonic() < until:
            cursor.move(sender.arrived(0.05))

    def _is_over(self) -> bool:
        return self._stop.is_set() or time.monotonic() >= self._ends_at


class _Cursor:
    """The position up to which everything has arrived, stored now and then together with the lease."""

    def __init__(self, connection: psycopg.Connection[TupleRow], leadership: Leadership) -> None:
        self._connection = connection
        self._leadership = leadership
        self._position = leadership.position
        self._stored_at = time.monotonic()

    def move(self, position: Position | None) -> None:
        self._position = position or self._position
        if time.monotonic() - self._stored_at >= lease.STORE_EVERY_S:
            lease.store(self._connection, self._leadership, self._position)
            self._stored_at = time.monotonic()

    def release(self) -> None:
        with suppress(psycopg.OperationalError):  # the lease runs out by itself.
            lease.release(self._connection, self._leadership, self._position)
