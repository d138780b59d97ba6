"""What an operation of the face is: read by the views that serve it and by the documents that describe it."""

from collections.abc import Iterator
from dataclasses import dataclass
from enum import Enum
from typing import Any

from django.urls import URLPattern, URLResolver, get_resolver


class Token(Enum):
    """Whose token an operation asks for."""

    CLIENT = "client credentials"
    """The third party's own (client credentials)."""
    CONSENT = "authorised consent"
    """One that is bound to a consent which a customer authorised (authorisation code)."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Operation:
    """One method at one address, by the standard's own names."""

    name: str
    """``operationId`` in the standard's files."""
    summary: str
    tag: str
    token: Token
    scope: str
    status: int = 200
    """The HTTP status of success."""
    request: str | None = None
    """The schema of the request's body; ``None``: it has none."""
    response: str | None = None
    """The schema of the answer's body; ``None``: it has none."""
    permissions: frozenset[str] = frozenset()
    """Any one of these is needed; empty: none is."""
    is_idempotent: bool = False
    """Whether ``x-idempotency-key`` is mandatory."""
    names_resource: bool = False
    """Whether the address holds an id."""
    is_paged: bool = False
    """Whether it answers page by page, with booking-date filters and a cursor."""
    states_as_of: bool = False
    """Whether the answer says as of when the bank's core knew it (``x-as-of``)."""


@dataclass(frozen=True, slots=True, kw_only=True)
class LedgerEntry:
    """One line of the ledger: an operation that is served, and where."""

    method: str
    path: str
    operation: Operation


def list_operations() -> list[LedgerEntry]:
    """Return every operation of the face that the URL configuration serves, by path and method."""
    entries = [
        LedgerEntry(method=method.upper(), path=path, operation=operation)
        for path, view in _views(get_resolver().url_patterns, "/")
        for method, operation in getattr(view, "operations", {}).items()
    ]
    return sorted(entries, key=lambda entry: (entry.path, entry.method))


def _views(patterns: list[Any], prefix: str) -> Iterator[tuple[str, Any]]:
    for pattern in patterns:
        path = prefix + str(pattern.pattern)
        if isinstance(pattern, URLResolver):
            yield from _views(pattern.url_patterns, path)
        elif isinstance(pattern, URLPattern):
            yield path, getattr(pattern.callback, "view_class", None)
