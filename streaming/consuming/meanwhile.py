"""Something useful to do while the database is at work; in the same thread, so that nobody waits for anybody."""

import select
from collections.abc import Callable, Generator, Iterator
from contextlib import contextmanager
from functools import partial
from typing import Any, TypeVar

from django.db import connection
from psycopg import Connection
from psycopg.waiting import Ready, Wait

T = TypeVar("T")

_EVENTS = {Wait.R: select.POLLIN, Wait.W: select.POLLOUT, Wait.RW: select.POLLIN | select.POLLOUT}


@contextmanager
def meanwhile(work: Callable[[], bool]) -> Iterator[None]:
    """
    Call ``work`` again and again while statements of the body of a ``with`` are waited for.

    It does a piece that takes well under a millisecond, as an answer may be there before it is done, and says whether
    there is more. It neither raises nor uses the database.

    :raises OperationalError: if the database cannot be reached.
    """
    connection.ensure_connection()
    session = connection.connection
    session.wait = partial(_wait, session, work)  # what its cursors call to run one of psycopg's generators.
    try:
        yield
    finally:
        del session.wait


def _wait(
    session: Connection[Any], work: Callable[[], bool], waiting: Generator[Wait, Ready, T], *_interval: float
) -> T:
    try:
        wanted = next(waiting)
        while True:
            poll = select.poll()
            poll.register(session.fileno(), _EVENTS[wanted])
            while not (found := poll.poll(0)) and work():
                pass
            wanted = waiting.send(_ready(found or poll.poll()))
    except StopIteration as ended:
        result: T = ended.value
        return result


def _ready(found: list[tuple[int, int]]) -> Ready:
    ((_, events),) = found
    if events & select.POLLOUT:
        return Ready.RW if events & select.POLLIN else Ready.W
    return Ready.R  # also of what has broken: to read tells how.
