"""Who acts and in which call: carried beside the arguments, into log lines and event rows only."""

from collections.abc import Iterator
from contextlib import contextmanager
from contextvars import ContextVar
from dataclasses import dataclass, replace
from typing import Any
from uuid import UUID


@dataclass(frozen=True, slots=True, kw_only=True)
class CallContext:
    """
    What ties records of one cause together; never used to decide anything.

    ``correlation_id`` is the interaction id of the API call (or the id of the first event of a chain),
    ``causation_id`` the event that is being handled, ``traceparent`` the W3C trace context,
    ``actor`` who acts, such as ``third-party:<id>``, ``customer:<id>``, ``staff:<id>`` or ``system:<part>``.
    """

    correlation_id: str | None = None
    causation_id: UUID | None = None
    traceparent: str | None = None
    actor: str = "system"


_current: ContextVar[CallContext] = ContextVar("call_context", default=CallContext())  # noqa: B039 - frozen.


def current() -> CallContext:
    """Return the context of the present call."""
    return _current.get()


@contextmanager
def acting(**changes: Any) -> Iterator[CallContext]:
    """Change fields of the context for the body of a ``with``."""
    token = _current.set(replace(_current.get(), **changes))
    try:
        yield _current.get()
    finally:
        _current.reset(token)
