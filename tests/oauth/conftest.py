"""A third party before the authorisation server, with the room above played by a fake."""

from collections.abc import Callable, Iterator
from datetime import timedelta
from typing import Any
from urllib.parse import urlsplit
from uuid import UUID, uuid4

import pytest

from kernel import clock
from oauth.services import approve_request
from tests.oauth.fakes import FakeInteraction
from tests.support.builders.oauth import a_customer, a_third_party_client
from tests.support.third_party import Push, ThirdPartyClient


@pytest.fixture(autouse=True)
def _fake_interaction(settings: Any) -> Iterator[None]:
    settings.OAUTH_INTERACTION = "tests.oauth.fakes.FakeInteraction"
    yield
    FakeInteraction.clients.clear()
    FakeInteraction.ended.clear()


@pytest.fixture
def third_party(db: None) -> ThirdPartyClient:
    """A third party's software, registered."""
    return a_third_party_client()


@pytest.fixture
def other_third_party(db: None) -> ThirdPartyClient:
    """The software of another third party, with keys of its own."""
    return a_third_party_client(third_party_name="Rival")


@pytest.fixture
def later() -> Iterator[Callable[[timedelta], None]]:
    """Move the platform's clock."""
    yield lambda offset: clock.shift_by(lambda: offset)
    clock.shift_by(None)


def lodge(third_party: ThirdPartyClient) -> UUID:
    """Lodge a consent of a third party with the fake."""
    consent_id = uuid4()
    FakeInteraction.clients[consent_id] = third_party.client_id
    return consent_id


def open_in_browser(third_party: ThirdPartyClient, push: Push) -> UUID:
    """Go where the client sends the customer, and return the request's id on the screens."""
    response = third_party.http.get(third_party.authorize_url(push))
    assert response.status_code == 303, response.text
    return UUID(urlsplit(response.headers["location"]).path.split("/")[2])


def authorise(third_party: ThirdPartyClient, push: Push) -> str:
    """Play the customer who says yes; returns the code."""
    now = clock.now()
    location = approve_request(
        request_id=open_in_browser(third_party, push),
        user_id=a_customer().pk,
        acr="urn:openbanking:psd2:sca",
        auth_time=now,
        now=now,
    )
    return third_party.read_answer(location, push)["code"]
