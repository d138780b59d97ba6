"""A table for the effects of the tests' own consumers."""

from typing import Any

import pytest
from django.db import connections

from tests.streaming.effects import TABLE


@pytest.fixture(scope="session", autouse=True)
def _effects_table(django_db_setup: None, django_db_blocker: Any) -> None:
    with django_db_blocker.unblock(), connections["owner"].cursor() as cursor:
        cursor.execute(TABLE)
