"""What the room's tests share: a bank whose accounts and passwords the test decides."""

from collections.abc import Iterator
from datetime import UTC, datetime
from typing import Any

import pytest
from django.core.cache import cache
from django.test import Client as Browser

from kernel import clock
from oauth.models import Client, User
from tests.consents.browsing import a_customer
from tests.support.builders import consents as build


@pytest.fixture(autouse=True)
def _bank(settings: Any) -> Iterator[None]:
    settings.ACCOUNT_DIRECTORY = "tests.support.builders.consents.FakeDirectory"
    settings.CUSTOMER_SIGN_IN = "tests.support.builders.consents.FakeSignIn"
    build.FakeSignIn.known = {"ada": "Ada Marsh", "ben": "Ben Okoro"}
    build.FakeDirectory.accounts = {}
    cache.clear()
    yield
    clock.shift_by(None)


@pytest.fixture
def at_now(now: datetime) -> datetime:
    """Let the platform's clock stand near ``now``, for what reads the clock itself."""
    offset = now - datetime.now(UTC)
    clock.shift_by(lambda: offset)
    return now


@pytest.fixture
def client_of_a_third_party(now: datetime, db: None) -> Client:
    return build.a_client(now=now)


@pytest.fixture
def customer(db: None) -> User:
    return build.a_customer()


@pytest.fixture
def browser() -> Browser:
    return Browser(enforce_csrf_checks=True)


@pytest.fixture
def ada() -> User:
    return a_customer("ada", "Ada Marsh")


@pytest.fixture
def ben() -> User:
    return a_customer("ben", "Ben Okoro")
