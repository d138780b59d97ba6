"""In the sandbox a client is made at once; outside it there is no such address."""

import json

import pytest

from kernel import jose
from oauth.models import Client
from tests.support.builders.oauth import a_key

pytestmark = pytest.mark.django_db

REDIRECT_URI = "http://127.0.0.1:3000/callback"


def register(http, **changes):
    body = {
        "name": "Ledgerly",
        "redirect_uris": [REDIRECT_URI],
        "jwks": {"keys": [jose.public_jwk(a_key())]},
        **changes,
    }
    content = {name: value for name, value in body.items() if value is not None}
    return http.post("/sandbox/clients", json.dumps(content), content_type="application/json")


def test_a_client_is_registered_with_its_third_party(client):
    answer = register(client)

    assert answer.status_code == 201, answer.content
    registered = Client.objects.get(client_id=answer.json()["client_id"])
    assert registered.third_party.id.hex == answer.json()["third_party_id"]
    assert registered.third_party.name == "Ledgerly"
    assert answer.headers["x-fapi-interaction-id"]


@pytest.mark.parametrize(
    "changes",
    [
        {"name": None},
        {"name": 7},
        {"name": ""},
        {"redirect_uris": []},
        {"redirect_uris": "x"},
        {"redirect_uris": ["http://elsewhere.example/"]},
        {"redirect_uris": ["javascript:alert(1)"]},
        {"jwks": {"keys": []}},
        {"jwks": {"keys": ["x"]}},
        {"jwks": {"keys": [{"kty": "oct", "k": "AAAA"}]}},
        {"jwks": []},
        {"role": "admin"},
    ],
)
def test_what_does_not_fit_is_refused_with_a_reason_and_registers_nothing(client, changes):
    answer = register(client, **changes)

    assert answer.status_code in {400, 422}, answer.content
    assert answer.headers["content-type"] == "application/problem+json"
    assert answer.json()["code"]
    assert Client.objects.count() == 0


def test_a_private_key_is_refused(client):
    assert register(client, jwks={"keys": [dict(a_key())]}).status_code in {400, 422}


def test_outside_the_sandbox_nothing_is_there(client, settings):
    settings.SANDBOX = False

    assert register(client).status_code == 404


def test_serving_it_outside_the_sandbox_is_refused_at_start_up(settings):
    from portal.checks import check_sandbox_is_closed

    assert check_sandbox_is_closed() == []
    settings.SANDBOX = False
    assert [error.id for error in check_sandbox_is_closed()] == ["portal.E001"]
