"""What the room's tests share: a bank whose accounts and passwords the test decides."""

from collections.abc import Iterator
from datetime import UTC, datetime
from typing import Any

import pytest
from django.core.cache import cache

from bankcore.ports import SignedIn
from kernel import clock
from oauth.models import Client, User
from tests.support.builders import consents as build


class FakeSignIn:
    """A ``CustomerSignIn``: everybody's password is the same, and who exists is said by the test."""

    PASSWORD = "correct horse"
    known: dict[str, str] = {}

    def authenticate(self, *, username: str, secret: str, now: datetime) -> SignedIn | None:
        if username not in self.known or secret != self.PASSWORD:
            return None
        return SignedIn(customer_reference=username, full_name=self.known[username], acr=build.ACR, auth_time=now)


@pytest.fixture(autouse=True)
def _bank(settings: Any) -> Iterator[None]:
    settings.ACCOUNT_DIRECTORY = "tests.support.builders.consents.FakeDirectory"
    settings.CUSTOMER_SIGN_IN = "tests.consents.conftest.FakeSignIn"
    FakeSignIn.known = {"ada": "Ada Marsh", "ben": "Ben Okoro"}
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
