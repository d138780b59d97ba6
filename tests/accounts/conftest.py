"""Views and the news they gave."""

from collections.abc import Callable

import pytest
from django.db import connection


@pytest.fixture
def news() -> Callable[[], list[str]]:
    """Return the names of the events that the room has recorded, in order."""

    def names() -> list[str]:
        with connection.cursor() as cursor:
            cursor.execute("SELECT type FROM streaming_event WHERE topic = 'account.events.v1' ORDER BY id")
            return [name for (name,) in cursor.fetchall()]

    return names
