"""Attack table B: requests are pushed whole, cannot change afterwards, and lead back to the client once."""

import json
from datetime import timedelta
from urllib.parse import parse_qsl, urlsplit
from uuid import uuid4

import pytest

from kernel import clock
from oauth.errors import PushedRequestOver
from oauth.models import Authorization, PushedRequest, ThirdParty
from oauth.selectors import get_pushed_request
from oauth.services import approve_request, refuse_request, suspend_third_party
from tests.oauth.conftest import authorise, lodge, open_in_browser
from tests.support.builders.oauth import REDIRECT_URI, a_customer, a_third_party_client


def assert_refused(response, error="invalid_request", status=400):
    assert (response.status_code, response.json()["error"]) == (status, error), response.text
    assert not PushedRequest.objects.exists()


def assert_error_page(response, error):
    assert response.status_code == 400
    assert response.headers["x-oauth-error"] == error
    assert response.headers["content-type"].startswith("text/html")
    assert "location" not in response.headers
    assert "password" not in response.text.lower()


def test_a_pushed_request_leads_to_the_screens(third_party):
    push = third_party.push(lodge(third_party))
    assert push.response.status_code == 201
    assert push.response.json()["expires_in"] == 90
    assert "no-store" in push.response.headers["cache-control"]
    assert open_in_browser(third_party, push) == PushedRequest.objects.get().pk


def test_a_request_uri_is_kept_as_its_checksum_only(third_party):
    secret = third_party.push(lodge(third_party)).request_uri.rpartition(":")[2]
    row = PushedRequest.objects.values().get()
    assert len(row["reference_checksum"]) == 32
    assert secret not in json.dumps(row, default=str)


def test_row_14_authorising_without_a_push_shows_an_error_page_and_no_login(third_party):
    query = {"client_id": third_party.client_id, "response_type": "code", "redirect_uri": REDIRECT_URI}
    assert_error_page(third_party.http.get("/oauth/authorize", params=query), "invalid_request")
    assert_error_page(third_party.http.get("/oauth/authorize"), "invalid_request")


def test_row_15_a_push_may_not_point_to_another_request(third_party):
    consent_id = lodge(third_party)
    assert_refused(third_party.push(consent_id, request_uri="urn:example:1").response)
    assert_refused(third_party.push(consent_id, request="e30.e30.").response)


@pytest.mark.parametrize("method", ["GET", "PUT", "DELETE", "PATCH"])
@pytest.mark.parametrize("endpoint", ["par", "token", "revoke"])
def test_row_15_endpoints_for_clients_are_posted_to(third_party, method, endpoint):
    assert third_party.http.request(method, f"/oauth/{endpoint}").status_code == 405


def test_row_16_a_request_opens_for_its_own_client_only(third_party, other_third_party):
    push = third_party.push(lodge(third_party))
    assert_error_page(third_party.http.get(other_third_party.authorize_url(push)), "invalid_request_uri")
    assert authorise(third_party, push)


def test_row_17_a_request_may_be_reloaded_until_it_is_answered(third_party):
    push = third_party.push(lodge(third_party))
    assert open_in_browser(third_party, push) == open_in_browser(third_party, push)
    authorise(third_party, push)
    assert_error_page(third_party.http.get(third_party.authorize_url(push)), "invalid_request_uri")


def test_row_17_a_request_that_was_refused_is_used_up(third_party):
    push = third_party.push(lodge(third_party))
    request_id = open_in_browser(third_party, push)
    refuse_request(request_id=request_id, error="access_denied", now=clock.now())
    with pytest.raises(PushedRequestOver):
        approve(request_id)
    assert not Authorization.objects.exists()


def test_row_17_a_request_expires_ninety_seconds_after_the_push(third_party, later):
    push = third_party.push(lodge(third_party))
    later(timedelta(seconds=91))
    assert_error_page(third_party.http.get(third_party.authorize_url(push)), "invalid_request_uri")


def test_a_customer_has_ten_minutes_to_answer_from_the_first_opening(third_party, later):
    push = third_party.push(lodge(third_party))
    request_id = open_in_browser(third_party, push)
    later(timedelta(minutes=9))
    assert open_in_browser(third_party, push) == request_id
    later(timedelta(minutes=10, seconds=1))  # the second opening has not prolonged it.
    with pytest.raises(PushedRequestOver):
        approve(request_id)


@pytest.mark.parametrize(
    "redirect_uri",
    [
        REDIRECT_URI + "x",
        REDIRECT_URI + "/",
        REDIRECT_URI + "?a=b",
        REDIRECT_URI + "#a",
        REDIRECT_URI.upper(),
        "https://user@third-party.example/callback",
        "https://third-party.example:8443/callback",
        "https://third-party.example.evil.example/callback",
        "http://third-party.example/callback",
        "javascript:alert(1)",
    ],
)
def test_row_18_a_redirect_uri_that_is_not_the_registered_one_is_refused(third_party, redirect_uri):
    assert_refused(third_party.push(lodge(third_party), redirect_uri=redirect_uri).response)


@pytest.mark.parametrize(
    "changes",
    [
        {"redirect_uri": None},
        {"code_challenge": None},
        {"code_challenge_method": None},
        {"code_challenge_method": "plain"},
        {"code_challenge": "short"},
        {"code_challenge": "=" * 43},
        {"response_type": None},
        {"response_mode": "fragment"},
        {"prompt": "none"},
        {"state": "s" * 4001},
        {"nonce": "n" * 501},
    ],
)
def test_row_19_a_push_that_lacks_or_weakens_a_parameter_is_refused(third_party, changes):
    assert_refused(third_party.push(lodge(third_party), **changes).response)


@pytest.mark.parametrize("response_type", ["token", "code id_token", "id_token", "none"])
def test_row_20_other_response_types_are_not_supported(third_party, response_type):
    response = third_party.push(lodge(third_party), response_type=response_type).response
    assert_refused(response, "unsupported_response_type")


@pytest.mark.parametrize("scope", ["", "openid", "accounts payments", "accounts admin", "accounts accounts", "  "])
def test_a_scope_without_exactly_one_kind_of_consent_is_refused(third_party, scope):
    form = {"scope": scope} if scope else {"scope": None}
    assert_refused(third_party.push(lodge(third_party), **form).response, "invalid_scope")


def test_row_21_what_the_front_channel_adds_is_ignored(third_party):
    push = third_party.push(lodge(third_party))
    url = third_party.authorize_url(push, scope="payments", redirect_uri="https://evil.example/", state="other")
    assert third_party.http.get(url).status_code == 303
    answer = urlsplit(approve(PushedRequest.objects.get().pk))
    assert f"{answer.scheme}://{answer.netloc}{answer.path}" == REDIRECT_URI
    assert dict(parse_qsl(answer.query))["state"] == push.state
    assert Authorization.objects.get().scope == "accounts"


def test_row_21_a_parameter_given_twice_at_the_front_is_refused(third_party):
    url = third_party.authorize_url(third_party.push(lodge(third_party)))
    assert_error_page(third_party.http.get(url + "&client_id=other"), "invalid_request")


def test_row_22_and_hole_h4_what_is_authorised_is_what_was_pushed(third_party):
    consent_id = lodge(third_party)
    push = third_party.push(consent_id, scope="accounts openid")
    authorise(third_party, push)
    granted = Authorization.objects.get()
    assert granted.scope == "accounts openid"
    assert granted.consent_id == consent_id
    assert granted.details == [{"type": "account_access", "consent_id": str(consent_id)}]


@pytest.mark.parametrize(
    "details",
    [
        None,
        "",
        "nonsense",
        "{}",
        "[]",
        "[1]",
        '[{"type":"account_access"}]',
        '[{"type":"account_access","consent_id":7}]',
        '[{"type":"account_access","consent_id":"seven"}]',
        '[{"type":["account_access"],"consent_id":"CONSENT"}]',
        '[{"type":"single_payment","consent_id":"CONSENT"}]',
        '[{"type":"vrp","consent_id":"CONSENT"}]',
        '[{"type":"account_access","consent_id":"CONSENT","amount":"1.00"}]',
        '[{"type":"account_access","consent_id":"CONSENT"},{"type":"account_access","consent_id":"CONSENT"}]',
        "[" * 2000,
    ],
)
def test_row_31_details_of_another_type_or_form_are_refused(third_party, details):
    consent_id = str(lodge(third_party))
    details = details and details.replace("CONSENT", consent_id)
    response = third_party.push(consent_id, authorization_details=details or None).response
    assert_refused(response, "invalid_authorization_details")


def test_row_55_a_foreign_and_an_unknown_consent_get_the_same_refusal(third_party, other_third_party):
    foreign = third_party.push(lodge(other_third_party)).response
    unknown = third_party.push(uuid4()).response
    assert_refused(foreign, "invalid_authorization_details")
    assert foreign.content == unknown.content


def test_row_32_a_refusal_carries_state_and_the_issuer_of_the_metadata(third_party):
    push = third_party.push(lodge(third_party))
    location = refuse_request(request_id=open_in_browser(third_party, push), error="access_denied", now=clock.now())
    assert third_party.read_answer(location, push)["error"] == "access_denied"


def test_row_33_long_state_and_nonce_come_back_whole(third_party):
    state, nonce = "s" * 1000, "n" * 64
    push = third_party.push(lodge(third_party), state=state, nonce=nonce, scope="accounts openid")
    answer = dict(parse_qsl(urlsplit(approve(open_in_browser(third_party, push))).query))
    assert answer["state"] == state


def test_row_33_no_origin_may_read_an_answer(third_party):
    url = third_party.authorize_url(third_party.push(lodge(third_party)))
    for method, address in (("GET", url), ("OPTIONS", url), ("OPTIONS", "/oauth/token")):
        response = third_party.http.request(method, address, headers={"Origin": "https://evil.example"})
        assert "access-control-allow-origin" not in response.headers


def test_a_redirect_uri_with_a_query_keeps_it(db):
    third_party = a_third_party_client(redirect_uris=(REDIRECT_URI + "?bank=tailrace",))
    push = third_party.push(lodge(third_party))
    answer = third_party.read_answer(approve(open_in_browser(third_party, push)), push)
    assert answer["bank"] == "tailrace"
    assert answer["code"]


def test_row_44_a_parameter_given_twice_is_refused(third_party):
    response = third_party.http.post("/oauth/par", content="scope=accounts&scope=payments", headers=FORM)
    assert_refused(response)


@pytest.mark.parametrize("content", ["a=%00", "a=%ff", "a=%0a", "&".join(f"a{n}=1" for n in range(51)), "%"])
def test_a_form_with_what_no_text_should_hold_is_refused(third_party, content):
    assert third_party.http.post("/oauth/par", content=content, headers=FORM).status_code in {400, 401}


FORM = {"Content-Type": "application/x-www-form-urlencoded"}


def test_a_suspended_third_party_gets_no_further(third_party):
    push = third_party.push(lodge(third_party))
    opened = third_party.push(lodge(third_party))
    request_id = open_in_browser(third_party, opened)
    suspend_third_party(third_party_id=ThirdParty.objects.get().pk, reason="Keys leaked", now=clock.now())
    assert_error_page(third_party.http.get(third_party.authorize_url(push)), "invalid_request_uri")
    with pytest.raises(PushedRequestOver):
        approve(request_id)


def test_the_screens_see_who_asks_and_where_the_answer_leads(third_party):
    request_id = open_in_browser(third_party, third_party.push(consent_id := lodge(third_party)))
    request = get_pushed_request(request_id=request_id, now=clock.now())
    assert request.consent_id == consent_id
    assert request.third_party_name == "Ledgerly"
    assert request.redirect_origin == "https://third-party.example"
    assert request.scopes == {"accounts"}


def approve(request_id):
    now = clock.now()
    return approve_request(
        request_id=request_id, user_id=a_customer().pk, acr="urn:openbanking:psd2:sca", auth_time=now, now=now
    )
