"""Races that always happen: the second deed begins while the first one is inside its transaction."""

import threading
import time
from collections.abc import Callable
from importlib import import_module
from typing import Any, TypeVar

import pytest
from django.db import connection

A = TypeVar("A")
B = TypeVar("B")

WITHIN_S = 20.0


def run_inside(
    first: Callable[[], A], second: Callable[[], B], *, at: str, monkeypatch: pytest.MonkeyPatch
) -> tuple[A | Exception, B | Exception]:
    """
    Run ``second`` while ``first`` stands still at its first call of the function named by ``at``.

    ``at`` is a dotted path, such as ``streaming.outbox.record``; the code must call it through its module. Once
    ``second``, on a connection of its own, waits for a lock or has ended, ``first`` goes on. Both results come
    back; an exception is a result.
    """
    halt = _Halt()
    module, name = at.rsplit(".", 1)
    original = getattr(import_module(module), name)
    leader = _Deed(first)

    def stopping(*args: Any, **kwargs: Any) -> Any:
        if threading.current_thread() is leader.thread:
            halt.stand_still()
        return original(*args, **kwargs)

    monkeypatch.setattr(at, stopping)
    leader.thread.start()
    _wait_until(lambda: halt.is_reached or leader.is_over, f"{at} was not reached")
    assert halt.is_reached, f"the first one never called {at}: {leader.result!r}"

    follower = _Deed(second)
    follower.thread.start()
    try:
        _wait_until(lambda: follower.is_over or follower.waits_for_a_lock(), "the second one neither waits nor ends")
    finally:
        halt.let_go()
    for deed in (leader, follower):
        deed.thread.join(WITHIN_S)
        assert deed.is_over, "a deed did not end"
    return leader.result, follower.result


class _Halt:
    """Where the first one stands still, once."""

    def __init__(self) -> None:
        self._reached = threading.Event()
        self._go = threading.Event()

    @property
    def is_reached(self) -> bool:
        return self._reached.is_set()

    def stand_still(self) -> None:
        self._reached.set()
        assert self._go.wait(WITHIN_S), "nobody let the first one go on"

    def let_go(self) -> None:
        self._go.set()


class _Deed:
    """A call in a thread of its own, with a database connection of its own."""

    def __init__(self, call: Callable[[], Any]) -> None:
        self._call = call
        self._backend: int | None = None
        self.result: Any = None
        self.is_over = False
        self.thread = threading.Thread(target=self._run, daemon=True)

    def waits_for_a_lock(self) -> bool:
        """Ask PostgreSQL whether this one's session waits for a lock."""
        with connection.cursor() as cursor:
            cursor.execute("SELECT wait_event_type = 'Lock' FROM pg_stat_activity WHERE pid = %s", [self._backend])
            row = cursor.fetchone()
        return bool(row and row[0])

    def _run(self) -> None:
        try:
            connection.ensure_connection()
            self._backend = connection.connection.info.backend_pid
            self.result = self._call()
        except Exception as error:
            self.result = error
        finally:
            connection.close()
            self.is_over = True


def _wait_until(is_true: Callable[[], bool], otherwise: str) -> None:
    until = time.monotonic() + WITHIN_S
    while not is_true():
        assert time.monotonic() < until, otherwise
        time.sleep(0.005)
