"""Connections of the relay's own: outside Django's requests, each used by one thread only."""

from collections.abc import Mapping
from typing import Any

import psycopg
from django.db import connection
from psycopg.rows import TupleRow

_SETTINGS = {"statement_timeout": "60s", "timezone": "UTC"}


def connect(settings: Mapping[str, str] | None = None) -> psycopg.Connection[TupleRow]:
    """
    Open a connection under the application's role, in UTC; each statement commits by itself, durably.

    ``settings`` of the server go beside the usual ones, or replace them.
    """
    options = " ".join(f"-c {name}={value}" for name, value in {**_SETTINGS, **(settings or {})}.items())
    return psycopg.connect(**{**_as_django_connects(), **_OPTIONS, "options": options})


_OPTIONS: dict[str, Any] = {
    "application_name": "millrace relay",
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
