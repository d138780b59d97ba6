"""The API by which a third party says where it wants events; another's endpoints are as good as none."""

import base64
import json
from uuid import uuid4

import pytest
from standardwebhooks import Webhook

from tests.support.builders.oauth import a_client, a_token
from tests.support.builders.webhooks import news_of_a_balance, tell
from tests.webhooks.conftest import give_consent
from webhooks import services
from webhooks.models import Delivery, Endpoint, EndpointKeys

pytestmark = pytest.mark.django_db

URL = "https://receiver.example/hooks"


class Api:
    """Calls with one client's token, and expects JSON back."""

    def __init__(self, client, http):
        self.client = client
        self._http = http
        self._headers = {"authorization": f"Bearer {a_token(client=client)}"}

    def __call__(self, method, path, body=None, *, expect):
        answer = self._http.generic(
            method,
            f"/webhooks/{path}",
            json.dumps(body) if body is not None else b"",
            content_type="application/json",
            headers=self._headers,
        )
        assert answer.status_code == expect, answer.content
        return answer.json() if answer.content else None

    def make(self, **changes):
        return self("POST", "endpoints", {"url": URL, **changes}, expect=201)


@pytest.fixture
def api(client):
    return Api(a_client(), client)


@pytest.fixture
def another(client):
    return Api(a_client(third_party_name="Another"), client)


def test_the_secret_is_shown_once_and_stored_encrypted(api):
    made = api.make()

    assert made["status"] == "unconfirmed"
    assert Webhook(made["secret"])
    secret = base64.b64decode(made["secret"].removeprefix("whsec_"))
    assert 24 <= len(secret) <= 64
    stored = EndpointKeys.objects.get()
    assert secret not in bytes(stored.sealed_secret)
    shown = api("GET", f"endpoints/{made['id']}", expect=200)
    assert shown == {name: value for name, value in made.items() if name != "secret"}
    assert api("GET", "endpoints", expect=200) == {"endpoints": [shown]}


def test_the_verification_key_is_published_as_a_jwk_too(api, client):
    made = api.make()

    for path in ("/webhooks/jwks", f"/webhooks/jwks?endpoint={made['id']}"):
        [jwk] = client.get(path).json()["keys"]
        assert jwk["kid"].startswith(made["id"])
        raw = base64.urlsafe_b64decode(jwk["x"] + "=")
        assert made["verification_keys"] == ["whpk_" + base64.b64encode(raw).decode()]
    assert client.get(f"/webhooks/jwks?endpoint={uuid4().hex}").json() == {"keys": []}


@pytest.mark.parametrize(
    ("body", "paths"),
    [
        ({}, ["url"]),
        ({"url": "http://receiver.example/"}, ["url"]),
        ({"url": "https://10.0.0.1/"}, ["url"]),
        ({"url": 7.5, "colour": "red"}, ["colour", "url"]),
        ({"url": URL, "event_types": ["nothing.happened"]}, ["event_types[0]"]),
        ({"url": URL, "event_types": "balance.changed"}, ["event_types"]),
        ({"url": URL, "signatures": []}, ["signatures"]),
        ({"url": URL, "signatures": ["v2"]}, ["signatures"]),
        ({"url": URL, "description": "x" * 201}, ["description"]),
        ({"url": "\x00"}, ["url"]),
    ],
)
def test_what_does_not_fit_is_refused_with_the_fields_at_fault(api, body, paths):
    expect = 422 if body.get("url") in (URL, "http://receiver.example/", "https://10.0.0.1/") else 400
    if "description" in body or body.get("event_types") == "balance.changed":
        expect = 400

    problem = api("POST", "endpoints", body, expect=expect)

    assert [error["path"] for error in problem["errors"]] == paths
    assert problem["code"]
    assert Endpoint.objects.count() == 0


def test_another_third_partys_endpoint_is_answered_as_one_that_is_not_there(api, another):
    made = api.make()
    missing = uuid4().hex

    for method, path, body in (
        ("GET", "endpoints/{}", None),
        ("PATCH", "endpoints/{}", {"description": "mine now"}),
        ("DELETE", "endpoints/{}", None),
        ("POST", "endpoints/{}/rotate-secret", {}),
        ("GET", "endpoints/{}/deliveries", None),
        ("GET", f"endpoints/{{}}/deliveries/{missing}", None),
        ("POST", f"endpoints/{{}}/deliveries/{missing}/replay", None),
    ):
        foreign = another(method, path.format(made["id"]), body, expect=404)
        assert foreign == another(method, path.format(missing), body, expect=404)
        assert foreign == another(method, path.format("x"), body, expect=404)
    assert another("GET", "endpoints", expect=200) == {"endpoints": []}


@pytest.mark.parametrize("path", ["endpoints", "endpoints/" + "0" * 32, "endpoints/" + "0" * 32 + "/deliveries"])
def test_without_a_token_nothing_is_shown(client, path):
    for headers in ({}, {"authorization": "Bearer made-up"}):
        answer = client.get(f"/webhooks/{path}", headers=headers)
        assert answer.status_code == 401
        assert "www-authenticate" in answer.headers


def test_another_address_has_to_confirm_anew(api, now):
    made = api.make()
    endpoint = Endpoint.objects.get()
    services.confirm_endpoint(endpoint_id=endpoint.id, challenge=endpoint.challenge, now=now)

    described = api("PATCH", f"endpoints/{made['id']}", {"description": "main"}, expect=200)
    moved = api("PATCH", f"endpoints/{made['id']}", {"url": "https://elsewhere.example/"}, expect=200)

    assert (described["status"], described["description"]) == ("live", "main")
    assert moved["status"] == "unconfirmed"
    assert Endpoint.objects.get().challenge != endpoint.challenge


def test_an_outdated_challenge_confirms_nothing(api, now):
    made = api.make()
    old = Endpoint.objects.get().challenge
    api("PATCH", f"endpoints/{made['id']}", {"url": "https://elsewhere.example/"}, expect=200)

    services.confirm_endpoint(endpoint_id=Endpoint.objects.get().id, challenge=old, now=now)

    assert Endpoint.objects.get().status == "unconfirmed"


def test_an_endpoint_can_be_disabled_enabled_and_deleted(api):
    made = api.make()
    path = f"endpoints/{made['id']}"

    assert api("PATCH", path, {"enabled": False}, expect=200)["status"] == "disabled"
    assert api("PATCH", path, {"enabled": True}, expect=200)["status"] == "unconfirmed"
    api("DELETE", path, expect=204)
    api("GET", path, expect=404)
    assert EndpointKeys.objects.count() == 0


def test_a_rotation_shows_the_new_secret_and_publishes_both_keys(api, client):
    made = api.make()

    rotated = api("POST", f"endpoints/{made['id']}/rotate-secret", {}, expect=200)
    assert rotated["secret"] != made["secret"]
    assert len(rotated["verification_keys"]) == 2
    assert rotated["verification_keys"][1:] == made["verification_keys"]

    emergency = api("POST", f"endpoints/{made['id']}/rotate-secret", {"overlap_hours": 0}, expect=200)
    assert len(emergency["verification_keys"]) == 1
    assert len(client.get("/webhooks/jwks").json()["keys"]) == 1
    api("POST", f"endpoints/{made['id']}/rotate-secret", {"overlap_hours": 169}, expect=400)


def test_deliveries_are_listed_newest_first_and_paged(api, now, monkeypatch):
    monkeypatch.setattr("webhooks.api.deliveries.PAGE", 2)
    made = api.make()
    account_id = uuid4()
    give_consent(api.client.third_party, account_id, now=now)
    items = [news_of_a_balance(account_id, now=now) for _ in range(5)]
    tell(items, now=now)

    seen, cursor = [], None
    for _ in range(3):
        query = f"?cursor={cursor}" if cursor else ""
        page = api("GET", f"endpoints/{made['id']}/deliveries{query}", expect=200)
        seen += [delivery["event_id"] for delivery in page["deliveries"]]
        cursor = page["next_cursor"]

    assert seen == [str(item.event_id) for item in reversed(items)]
    assert cursor is None
    assert api("GET", f"endpoints/{made['id']}/deliveries?state=delivered", expect=200)["deliveries"] == []
    api("GET", f"endpoints/{made['id']}/deliveries?state=lost", expect=400)
    api("GET", f"endpoints/{made['id']}/deliveries?cursor=forged", expect=400)


def test_one_delivery_is_shown_with_its_attempts_and_can_be_replayed(api, now):
    made = api.make()
    account_id = uuid4()
    give_consent(api.client.third_party, account_id, now=now)
    item = news_of_a_balance(account_id, now=now)
    tell([item], now=now)
    Delivery.objects.update(state="delivered", finished_at=now, attempts=1)
    path = f"endpoints/{made['id']}/deliveries/{item.event_id}"

    assert api("GET", path, expect=200) | {"history": []} == api("GET", path, expect=200)
    replayed = api("POST", f"{path}/replay", expect=202)

    assert (replayed["state"], replayed["attempts"]) == ("due", 0)
    assert replayed["event_id"] == str(item.event_id)


def test_the_event_types_are_published_with_their_schemas(client):
    published = {each["type"]: each for each in client.get("/webhooks/event-types").json()["event_types"]}

    assert set(published) == {
        *("consent.authorised", "consent.ended", "transaction.booked"),
        *("balance.changed", "payment.status.updated"),
    }
    assert all(each["data_schema"]["additionalProperties"] is False for each in published.values())


def test_one_third_party_has_at_most_so_many_endpoints(api, monkeypatch):
    monkeypatch.setattr("webhooks.services.endpoints.MOST_ENDPOINTS", 1)
    api.make()

    assert api("POST", "endpoints", {"url": URL}, expect=409)["code"] == "too_many_endpoints"
