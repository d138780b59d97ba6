"""What the room has recorded."""

from collections.abc import Callable
from typing import Any

import orjson
import pytest
from django.db import connection


@pytest.fixture
def recorded() -> Callable[[str], list[dict[str, Any]]]:
    """Return the payloads of the events of one topic, each with its type, in order."""

    def payloads(topic: str) -> list[dict[str, Any]]:
        with connection.cursor() as cursor:
            cursor.execute("SELECT type, payload FROM streaming_event WHERE topic = %s ORDER BY id", [topic])
            return [{"type": name} | orjson.loads(bytes(payload)) for name, payload in cursor.fetchall()]

    return payloads
