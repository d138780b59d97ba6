"""Attack table A: a client proves itself by one fresh signed assertion, or is refused with ``invalid_client``."""

import json
from typing import Any

import httpx
import pytest
from joserfc import jws
from joserfc.jwk import OctKey, RSAKey

from kernel import clock, jose
from oauth.models import Client
from oauth.states import SigningAlgorithm
from tests.support.builders.oauth import a_key, a_third_party_client
from tests.support.third_party import ASSERTION_TYPE, ThirdPartyClient

CLIENT_CREDENTIALS = {"grant_type": "client_credentials", "scope": "accounts"}


def post(third_party: ThirdPartyClient, form: dict[str, str], **arguments: Any) -> httpx.Response:
    return third_party.http.post("/oauth/token", data=CLIENT_CREDENTIALS | form, **arguments)


def with_assertion(assertion: str, **more: str) -> dict[str, str]:
    return {"client_assertion_type": ASSERTION_TYPE, "client_assertion": assertion, **more}


def assert_refused(response: httpx.Response) -> None:
    assert response.status_code == 401, response.text
    assert response.json()["error"] == "invalid_client"
    assert "no-store" in response.headers["cache-control"]


@pytest.mark.parametrize("alg", ["ES256", "PS256"])
def test_a_proper_assertion_is_accepted(db, alg):
    assert a_third_party_client(alg=alg).own_token()


@pytest.mark.parametrize("endpoint", ["token", "par", "revoke"])
def test_row_1_no_assertion_is_refused(third_party, endpoint):
    assert_refused(third_party.http.post(f"/oauth/{endpoint}", data=CLIENT_CREDENTIALS))


def test_row_2_an_unsigned_assertion_is_refused(third_party):
    head = "eyJhbGciOiJub25lIn0"
    body = third_party.assertion().split(".")[1]
    assert_refused(post(third_party, with_assertion(f"{head}.{body}.")))


def test_row_2_an_assertion_keyed_with_the_public_key_is_refused(third_party):
    claims = json.dumps(jose.unverified_claims(third_party.assertion()))
    key = OctKey.import_key(json.dumps(jose.public_jwk(third_party.key)))
    assert_refused(post(third_party, with_assertion(jws.serialize_compact({"alg": "HS256"}, claims, key, ["HS256"]))))


def test_row_3_an_rs256_assertion_is_refused(db):
    third_party = a_third_party_client(alg=SigningAlgorithm.PS256)
    claims = json.dumps(jose.unverified_claims(third_party.assertion()))
    key = RSAKey.import_key({name: value for name, value in third_party.key.items() if name != "alg"})
    assert_refused(post(third_party, with_assertion(jws.serialize_compact({"alg": "RS256"}, claims, key, ["RS256"]))))


def test_row_4_an_audience_other_than_the_issuer_as_a_string_is_refused(third_party):
    issuer = third_party.discovery["issuer"]
    for aud in (f"{issuer}/oauth/token", f"{issuer}/oauth/par", [issuer], f"{issuer}/", None):
        assert_refused(post(third_party, with_assertion(third_party.assertion(aud=aud))))


@pytest.mark.parametrize(
    "claims",
    [{"exp": -300}, {"exp": 900}, {"exp": None}, {"sub": None}, {"jti": None}, {"jti": 5}, {"iss": "x"}, {"sub": "x"}],
)
def test_row_5_an_expired_or_incomplete_assertion_is_refused(third_party, claims):
    now_s = int(clock.now().timestamp())
    if isinstance(claims.get("exp"), int):
        claims = {"exp": now_s + claims["exp"]}
    assert_refused(post(third_party, with_assertion(third_party.assertion(**claims))))


@pytest.mark.parametrize(
    "claims", [{"sub": "\ud800"}, {"sub": "a\x00"}, {"jti": "\ud800"}, {"exp": 10**400}, {"iat": -(10**400)}]
)
def test_row_5_claims_that_no_database_and_no_clock_can_hold_are_refused(third_party, claims):
    assert_refused(post(third_party, with_assertion(third_party.assertion(**claims))))


@pytest.mark.parametrize("name", ["iat", "nbf"])
def test_row_6_a_clock_a_little_ahead_is_accepted_and_one_far_ahead_refused(third_party, name):
    now_s = int(clock.now().timestamp())
    assert post(third_party, with_assertion(third_party.assertion(**{name: now_s + 8}))).status_code == 200
    assert_refused(post(third_party, with_assertion(third_party.assertion(**{name: now_s + 61}))))


def test_row_7_an_assertion_counts_once_at_all_endpoints_together(third_party):
    assertion = third_party.assertion()
    assert post(third_party, with_assertion(assertion)).status_code == 200
    assert_refused(post(third_party, with_assertion(assertion)))
    assert_refused(third_party.http.post("/oauth/par", data=with_assertion(assertion)))


def test_row_7_the_same_jti_of_two_clients_are_two(third_party, other_third_party):
    assert post(third_party, with_assertion(third_party.assertion(jti="1"))).status_code == 200
    assert post(third_party, with_assertion(other_third_party.assertion(jti="1"))).status_code == 200
    assert_refused(post(third_party, with_assertion(third_party.assertion(jti="1"))))


def test_an_assertion_that_is_refused_leaves_its_jti_unused(third_party):
    assert_refused(post(third_party, with_assertion(third_party.assertion(jti="1", aud="elsewhere"))))
    assert post(third_party, with_assertion(third_party.assertion(jti="1"))).status_code == 200


def test_row_8_the_key_of_one_client_does_not_speak_for_another(third_party, other_third_party):
    forged = third_party.assertion(key=other_third_party.key)
    assert_refused(post(third_party, with_assertion(forged)))
    foreign = with_assertion(third_party.assertion(), client_id=other_third_party.client_id)
    assert_refused(post(third_party, foreign))


def test_row_9_two_ways_of_authentication_at_once_are_refused(third_party):
    assert_refused(post(third_party, with_assertion(third_party.assertion()), auth=(third_party.client_id, "")))
    assert_refused(post(third_party, with_assertion(third_party.assertion(), client_secret="guess")))
    assert_refused(post(third_party, with_assertion("fake", client_secret="guess")))
    bearer = {"Authorization": f"Bearer {third_party.own_token()}"}
    assert_refused(post(third_party, with_assertion(third_party.assertion()), headers=bearer))


def test_row_10_and_hole_h1_a_blank_secret_opens_nothing(third_party):
    client_id = third_party.client_id
    assert_refused(post(third_party, {"client_id": client_id}))
    assert_refused(post(third_party, {"client_id": client_id, "client_secret": ""}))
    assert_refused(post(third_party, {}, auth=(client_id, "")))


def test_hole_h1_a_client_that_could_only_show_a_secret_gets_no_token(third_party):
    Client.objects.update(token_endpoint_auth_method="client_secret_basic", client_secret="hashed")
    assert_refused(post(third_party, {}, auth=(third_party.client_id, "")))
    assert_refused(post(third_party, with_assertion(third_party.assertion())))


def test_row_28_a_token_made_for_another_purpose_is_no_assertion(third_party):
    claims = jose.unverified_claims(third_party.assertion())
    for typ in ("oauth-authz-req+jwt", "dpop+jwt"):
        assert_refused(post(third_party, with_assertion(jose.sign(claims, key=third_party.key, alg="ES256", typ=typ))))


def test_row_30_an_assertion_of_a_megabyte_is_refused(third_party):
    response = post(third_party, with_assertion("a" * 1_000_000))
    assert response.status_code == 413
    assert_refused(post(third_party, with_assertion("a." * 20_000)))


def test_another_type_of_assertion_is_refused(third_party):
    form = with_assertion(third_party.assertion()) | {
        "client_assertion_type": "urn:ietf:params:oauth:client-assertion-type:saml2-bearer"
    }
    assert_refused(post(third_party, form))


def test_an_unknown_client_and_a_wrong_signature_get_the_same_answer(third_party):
    stranger = third_party.assertion(iss="nobody", sub="nobody")
    forged = third_party.assertion(key=a_key("ES256", "stranger"))
    answers = [post(third_party, with_assertion(assertion)) for assertion in (stranger, forged)]
    assert answers[0].content == answers[1].content
    assert_refused(answers[0])
