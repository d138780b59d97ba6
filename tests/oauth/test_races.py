"""Two deeds at once: the second sees what the first one did, or waits for it."""

import pytest

from kernel import clock
from kernel.states import IllegalTransition
from oauth.errors import InvalidGrant, PushedRequestOver
from oauth.models import AccessToken, Authorization, AuthorizationCode, Client, PushedRequest, ThirdParty
from oauth.services import (
    Issued,
    approve_request,
    redeem_code,
    redeem_refresh_token,
    refuse_request,
    revoke_authorizations,
    suspend_third_party,
)
from tests.oauth.conftest import authorise, lodge, open_in_browser
from tests.support.builders.oauth import a_customer, a_third_party_client
from tests.support.race import run_inside

pytestmark = pytest.mark.django_db(transaction=True)


@pytest.fixture
def third_party():
    return a_third_party_client()


@pytest.fixture
def push(third_party):
    return third_party.push(lodge(third_party))


def test_a_request_is_answered_once_even_if_yes_comes_twice(third_party, push, monkeypatch):
    request_id, customer, now = open_in_browser(third_party, push), a_customer(), clock.now()

    def approve():
        return approve_request(request_id=request_id, user_id=customer.pk, acr="ca", auth_time=now, now=now)

    first, second = run_inside(approve, approve, at="streaming.outbox.record", monkeypatch=monkeypatch)
    assert isinstance(first, str)
    assert isinstance(second, PushedRequestOver)
    assert AuthorizationCode.objects.count() == 1


def test_a_no_that_arrives_during_a_yes_is_too_late(third_party, push, monkeypatch):
    request_id, customer, now = open_in_browser(third_party, push), a_customer(), clock.now()
    yes, no = run_inside(
        lambda: approve_request(request_id=request_id, user_id=customer.pk, acr="ca", auth_time=now, now=now),
        lambda: refuse_request(request_id=request_id, error="access_denied", now=now),
        at="streaming.outbox.record",
        monkeypatch=monkeypatch,
    )
    assert isinstance(yes, str)
    assert isinstance(no, PushedRequestOver)
    assert PushedRequest.objects.get().consumed_at is not None


def test_a_refresh_during_a_revocation_gets_nothing(third_party, push, monkeypatch):
    refresh_token = third_party.tokens(authorise(third_party, push), push)["refresh_token"]
    client, consent_id, now = Client.objects.get(), Authorization.objects.get().consent_id, clock.now()
    _, refreshed = run_inside(
        lambda: revoke_authorizations(consent_id=consent_id, now=now),
        lambda: redeem_refresh_token(client=client, refresh_token=refresh_token, scope=None, now=now),
        at="streaming.outbox.record",
        monkeypatch=monkeypatch,
    )
    assert isinstance(refreshed, InvalidGrant)
    assert not AccessToken.objects.filter(revoked_at__isnull=True).exists()


def test_a_revocation_during_a_redemption_reaches_its_tokens(third_party, push, monkeypatch):
    code = authorise(third_party, push)
    client, consent_id, now = Client.objects.get(), Authorization.objects.get().consent_id, clock.now()
    issued, revoked = run_inside(
        lambda: redeem_code(
            client=client, code=code, redirect_uri=third_party.redirect_uri, code_verifier=push.verifier, now=now
        ),
        lambda: revoke_authorizations(consent_id=consent_id, now=now),
        at="oauth.services.tokens._new_refresh_token",
        monkeypatch=monkeypatch,
    )
    assert isinstance(issued, Issued)
    assert revoked == 1
    assert not AccessToken.objects.filter(revoked_at__isnull=True).exists()


def test_a_third_party_is_suspended_once(third_party, monkeypatch):
    third_party_id, now = ThirdParty.objects.get().pk, clock.now()

    def suspend():
        return suspend_third_party(third_party_id=third_party_id, reason="Keys leaked", now=now)

    _, second = run_inside(suspend, suspend, at="streaming.outbox.record", monkeypatch=monkeypatch)
    assert isinstance(second, IllegalTransition)
