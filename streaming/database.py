"""Connections of the relay's own: outside Django's requests, each used by one thread only."""

from typing import Any

import psycopg
from django.db import connection
from psycopg.rows import TupleRow

STATEMENT_TIMEOUT_S = 60


def connect() -> psycopg.Connection[TupleRow]:
    """Open a connection under the application's role, in UTC; each statement commits by itself, durably."""
    return psycopg.connect(**{**_as_django_connects(), **_OPTIONS})


_OPTIONS: dict[str, Any] = {
    "application_name": "millrace relay",
    "options": f"-c statement_timeout={STATEMENT_TIMEOUT_S}s -c timezone=UTC",
    "connect_timeout": 5,
    "keepalives_idle": 5,
    "keepalives_interval": 2,
    "keepalives_count": 3,
    "autocommit": True,
    "prepare_threshold": 1,
}


def _as_django_connects() -> dict[str, Any]:
    """Return where and as whom Django connects, without how it wants its rows."""
    parameters = connection.get_connection_params()
    return {name: value for name, value in parameters.items() if name not in {"context", "cursor_factory"}}
