"""Attack table C: a code buys tokens once, a refresh token keeps within what was authorised."""

import json
from datetime import timedelta
from uuid import UUID

import pytest

from kernel import clock, jose
from oauth.gate import checksum
from oauth.models import AccessToken, Authorization, AuthorizationCode, IDToken, RefreshToken, ThirdParty
from oauth.services import reinstate_third_party, revoke_authorizations, suspend_third_party
from tests.oauth.conftest import authorise, lodge
from tests.oauth.fakes import FakeInteraction
from tests.support.builders.oauth import a_third_party_client


def assert_refused(response, error="invalid_grant", status=400):
    assert (response.status_code, response.json()["error"]) == (status, error), response.text
    assert "no-store" in response.headers["cache-control"]


def live_tokens():
    return AccessToken.objects.filter(revoked_at__isnull=True).count()


@pytest.fixture
def push(third_party):
    return third_party.push(lodge(third_party))


@pytest.fixture
def code(third_party, push):
    return authorise(third_party, push)


def test_a_code_buys_tokens_bound_to_the_consent(third_party, push, code):
    response = third_party.redeem(code, push)
    body = response.json()
    assert response.status_code == 200
    assert "no-store" in response.headers["cache-control"]
    assert body["token_type"] == "Bearer"
    assert body["expires_in"] == 600
    assert body["scope"] == "accounts"
    token = AccessToken.objects.get(token_checksum=checksum(body["access_token"]))
    authorization = Authorization.objects.get()
    assert body["authorization_details"] == [{"type": "account_access", "consent_id": str(authorization.consent_id)}]
    assert (token.consent_id, token.user_id) == (authorization.consent_id, authorization.user_id)
    assert token.application_id == third_party.client_id


def test_codes_and_tokens_are_kept_as_checksums_only(third_party, push, code):
    body = third_party.tokens(code, push)
    rows = [list(model._default_manager.values()) for model in (AuthorizationCode, AccessToken, RefreshToken)]
    kept = json.dumps(rows, default=lambda value: bytes(value).hex() if isinstance(value, memoryview) else str(value))
    for secret in (code, body["access_token"], body["refresh_token"]):
        assert len(secret) >= 43  # 256 bits.
        assert secret not in kept


def test_a_payment_gets_no_refresh_token(third_party):
    push = third_party.push(lodge(third_party), scope="payments")
    body = third_party.tokens(authorise(third_party, push), push)
    assert body["scope"] == "payments"
    assert "refresh_token" not in body


def test_row_34_and_hole_h3_a_second_use_of_a_code_kills_the_first_tokens(third_party, push, code):
    first = third_party.tokens(code, push)
    assert_refused(third_party.redeem(code, push))
    assert live_tokens() == 0
    assert_refused(third_party.refresh(first["refresh_token"]))


def test_row_34_a_second_use_kills_the_first_tokens_also_after_the_consent_was_used_up(third_party):
    consent_id = lodge(third_party)
    push = third_party.push(consent_id, scope="payments")
    code = authorise(third_party, push)
    third_party.tokens(code, push)
    FakeInteraction.ended.add(consent_id)
    assert_refused(third_party.redeem(code, push))
    assert live_tokens() == 0


def test_row_35_a_code_of_another_client_is_refused_and_stays_good(third_party, other_third_party, push, code):
    assert_refused(other_third_party.redeem(code, push, redirect_uri=third_party.redirect_uri))
    assert third_party.tokens(code, push)
    assert_refused(other_third_party.redeem(code, push, redirect_uri=third_party.redirect_uri))
    assert live_tokens() == 1


def test_row_36_a_code_is_good_for_a_minute(third_party, push, code, later):
    later(timedelta(seconds=61))
    assert_refused(third_party.redeem(code, push))


@pytest.mark.parametrize(
    "changes",
    [
        {"code_verifier": None},
        {"code_verifier": "wrong"},
        {"code_verifier": "é"},
        {"redirect_uri": None},
        {"redirect_uri": "https://evil.example/"},
    ],
)
def test_row_37_a_code_without_its_verifier_or_redirect_uri_is_refused(third_party, push, code, changes):
    assert_refused(third_party.redeem(code, push, **changes))
    assert live_tokens() == 0
    assert third_party.tokens(code, push)


def test_a_code_that_was_never_issued_is_refused(third_party, push, code):
    assert_refused(third_party.redeem(code + "x", push))
    assert third_party.tokens(code, push)


@pytest.mark.parametrize(
    "grant_type", ["password", "implicit", "urn:ietf:params:oauth:grant-type:device_code", "nonsense"]
)
def test_row_40_other_grants_are_not_supported(third_party, grant_type):
    form = {"grant_type": grant_type, "username": "psu", "password": "psu"}
    assert_refused(third_party.post("token", form), "unsupported_grant_type")


@pytest.mark.parametrize(
    "form", [{}, {"grant_type": "authorization_code"}, {"grant_type": "refresh_token"}, {"grant_type": ""}]
)
def test_a_form_that_lacks_a_parameter_is_refused(third_party, form):
    assert_refused(third_party.post("token", form), "invalid_request")


@pytest.mark.parametrize("scope", [None, "openid", "accounts openid", "admin", "  "])
def test_a_client_gets_in_its_own_name_only_what_needs_no_customer(third_party, scope):
    form = {"grant_type": "client_credentials"} | ({"scope": scope} if scope else {})
    assert_refused(third_party.post("token", form), "invalid_scope")


def test_a_clients_own_token_is_bound_to_nobody(third_party):
    token = AccessToken.objects.get(token_checksum=checksum(third_party.own_token("accounts payments")))
    assert (token.user_id, token.consent_id, token.authorization_id) == (None, None, None)
    assert token.scope == "accounts payments"


def test_row_41_a_refresh_keeps_within_what_was_authorised(third_party, other_third_party, push, code):
    refresh_token = third_party.tokens(code, push)["refresh_token"]
    assert_refused(other_third_party.refresh(refresh_token))
    without = {"grant_type": "refresh_token", "refresh_token": refresh_token}
    assert_refused(third_party.http.post("/oauth/token", data=without), "invalid_client", 401)
    assert_refused(third_party.refresh(refresh_token, scope="accounts payments"), "invalid_scope")
    assert_refused(third_party.refresh(refresh_token + "x"))
    FakeInteraction.ended.add(Authorization.objects.get().consent_id)
    assert_refused(third_party.refresh(refresh_token))


def test_row_42_a_refresh_token_is_not_rotated(third_party, push, code):
    refresh_token = third_party.tokens(code, push)["refresh_token"]
    for _ in range(2):
        assert third_party.refresh(refresh_token).json()["refresh_token"] == refresh_token
    assert RefreshToken.objects.count() == 1


def test_hole_h8_a_refresh_leaves_the_earlier_token_alive(third_party, push, code):
    first = third_party.tokens(code, push)
    third_party.refresh(first["refresh_token"])
    assert live_tokens() == 2


def test_a_refresh_may_narrow_the_scope(third_party):
    push = third_party.push(lodge(third_party), scope="accounts openid")
    refresh_token = third_party.tokens(authorise(third_party, push), push)["refresh_token"]
    assert third_party.refresh(refresh_token, scope="accounts").json()["scope"] == "accounts"


FORM = {"Content-Type": "application/x-www-form-urlencoded"}


def test_row_44_parameters_are_given_once_and_in_the_body(third_party):
    post = third_party.http.post
    assert_refused(post("/oauth/token", content="scope=accounts&scope=payments", headers=FORM), "invalid_request")
    assert_refused(post("/oauth/token?scope=accounts", content="a=b", headers=FORM), "invalid_request")
    assert_refused(post("/oauth/token", json={"grant_type": "client_credentials"}), "invalid_request", 415)
    assert_refused(post("/oauth/token", files={"a": b"b"}), "invalid_request", 415)
    assert_refused(post("/oauth/token", content="a=" + "b" * 100_000, headers=FORM), "invalid_request", 413)


def test_hole_h7_a_token_that_cannot_be_kept_leaves_the_code_unused(third_party, push, code, monkeypatch):
    def fail(**_):
        raise RuntimeError("the disk is full")

    with monkeypatch.context() as patch:
        patch.setattr(AccessToken.objects, "create", fail)
        assert third_party.redeem(code, push).status_code == 500
    assert not RefreshToken.objects.exists()
    assert third_party.tokens(code, push)


def test_a_consent_that_ended_meanwhile_gets_no_token(third_party, push, code):
    consent_id = Authorization.objects.get().consent_id
    revoke_authorizations(consent_id=consent_id, now=clock.now())
    assert_refused(third_party.redeem(code, push))


def test_a_suspended_third_party_gets_no_token_until_it_is_reinstated(third_party, push, code):
    third_party_id = ThirdParty.objects.get().pk
    suspend_third_party(third_party_id=third_party_id, reason="Keys leaked", now=clock.now())
    assert_refused(third_party.redeem(code, push), "invalid_client", 401)
    assert_refused(third_party.push(lodge(third_party)).response, "invalid_client", 401)
    reinstate_third_party(third_party_id=third_party_id, reason="Keys changed", now=clock.now())
    assert third_party.tokens(code, push)


def test_outside_a_sandbox_no_bearer_token_is_issued(third_party, push, code, settings):
    settings.SANDBOX = False
    assert_refused(third_party.redeem(code, push), "invalid_request")
    form = {"grant_type": "client_credentials", "scope": "accounts"}
    assert_refused(third_party.post("token", form), "invalid_request")
    assert live_tokens() == 0


@pytest.mark.parametrize("alg", ["PS256", "ES256"])
def test_an_id_token_says_who_signed_in_when_and_how(db, alg):
    third_party = a_third_party_client(id_token_alg=alg)
    push = third_party.push(lodge(third_party), scope="openid accounts")
    id_token = third_party.tokens(authorise(third_party, push), push)["id_token"]
    keys = third_party.http.get(third_party.discovery["jwks_uri"]).json()["keys"]
    claims = jose.verify(
        id_token,
        keys=keys,
        algs=[alg],
        typ=[None],
        aud=third_party.client_id,
        iss=third_party.discovery["issuer"],
        now=clock.now(),
        max_life=timedelta(minutes=10),
        clock_future=timedelta(0),
        required=("sub", "jti", "acr"),
    )
    assert claims["nonce"] == push.nonce
    assert UUID(claims["sub"]) == Authorization.objects.get().user_id
    assert IDToken.objects.get().jti == UUID(claims["jti"])


def test_without_openid_there_is_no_id_token(third_party, push, code):
    assert "id_token" not in third_party.tokens(code, push)


def test_row_70_a_client_revokes_its_own_tokens_only(third_party, other_third_party, push, code):
    tokens = third_party.tokens(code, push)
    assert other_third_party.post("revocation", {"token": tokens["access_token"]}).status_code == 200
    assert other_third_party.post("revocation", {"token": tokens["refresh_token"]}).status_code == 200
    assert live_tokens() == 1
    for _ in range(2):
        assert third_party.post("revocation", {"token": tokens["access_token"]}).status_code == 200
    assert live_tokens() == 0
    assert third_party.refresh(tokens["refresh_token"]).status_code == 200
    assert third_party.post("revocation", {"token": tokens["refresh_token"]}).status_code == 200
    assert_refused(third_party.refresh(tokens["refresh_token"]))
    assert live_tokens() == 0
    assert_refused(third_party.post("revocation", {}), "invalid_request")
