"""``obctl`` against the running platform: register, ask, be told yes or no, read, pay."""

import json
import stat
from collections.abc import Iterator
from datetime import datetime
from typing import Any
from uuid import UUID

import pytest
from django.conf import settings
from django.core.cache import cache

from bankcore.ports import SignedIn
from kernel.identifiers import entity_id
from portal.obctl import main
from portal.obctl.client import AISP, ThirdPartyClient
from portal.obctl.customer import DECLINE, Customer
from portal.obctl.errors import Declined, NotReachable, ObctlError, Refused
from portal.obctl.profile import Profile
from tests.support.builders import consents as build
from tests.support.builders.accounts import an_account

pytestmark = pytest.mark.django_db(transaction=True)

REDIRECT_URI = "http://127.0.0.1:3000/callback"
ADA = Customer(username="ada", password="correct horse")


class OneCustomer:
    """A ``CustomerSignIn`` that knows Ada."""

    def authenticate(self, *, username: str, secret: str, now: datetime) -> SignedIn | None:
        if (username, secret) != (ADA.username, ADA.password):
            return None
        return SignedIn(customer_reference="C-1", full_name="Ada Marsh", acr=build.ACR, auth_time=now)


@pytest.fixture
def base_url(live_server: Any, settings: Any) -> str:
    settings.BASE_URL = settings.OAUTH_ISSUER = live_server.url
    settings.CUSTOMER_SIGN_IN = "tests.portal.test_obctl.OneCustomer"
    cache.clear()
    return str(live_server.url)


@pytest.fixture
def app(base_url, tmp_path) -> Iterator[ThirdPartyClient]:
    with ThirdPartyClient.register(
        base_url=base_url, name="Ledgerly", redirect_uri=REDIRECT_URI, path=tmp_path / "profile.json"
    ) as client:
        yield client


@pytest.fixture
def adas_accounts(base_url) -> list[UUID]:
    party_id = entity_id(settings.INSTITUTION, "party", "C-1")
    return [an_account(party_id=party_id) for _ in range(2)]


def test_a_profile_is_kept_for_its_owner_only_and_read_again(app, tmp_path):
    path = tmp_path / "profile.json"

    assert stat.S_IMODE(path.stat().st_mode) == 0o600
    again = Profile.load(path)
    assert (again.client_id, again.key) == (app.profile.client_id, app.profile.key)


def test_a_customers_yes_leads_to_accounts(app, adas_accounts):
    request = app.push(app.lodge_account_consent())
    granted = app.exchange(request, app.authorise(request, ADA))

    assert granted.access_token
    accounts = app.get(f"{AISP}/accounts")["Data"]["Account"]
    assert {account["AccountId"] for account in accounts} == {account_id.hex for account_id in adas_accounts}


def test_a_customer_may_choose_some_accounts_only(app, adas_accounts):
    chosen = adas_accounts[0]
    request = app.push(app.lodge_account_consent())
    customer = Customer(username=ADA.username, password=ADA.password, accounts=[str(chosen), chosen.hex])
    app.exchange(request, app.authorise(request, customer))

    assert [account["AccountId"] for account in app.get(f"{AISP}/accounts")["Data"]["Account"]] == [chosen.hex]


def test_a_customers_no_is_told_as_such(app, adas_accounts):
    request = app.push(app.lodge_account_consent())
    callback = app.authorise(request, Customer(username=ADA.username, password=ADA.password, decision=DECLINE))

    with pytest.raises(Declined, match="access_denied"):
        app.exchange(request, callback)


def test_a_wrong_password_is_tried_once(app, adas_accounts):
    request = app.push(app.lodge_account_consent())

    with pytest.raises(Refused):
        app.authorise(request, Customer(username="ada", password="wrong"))


def test_an_answer_to_another_request_is_not_believed(app, adas_accounts):
    first, second = (app.push(app.lodge_account_consent()) for _ in range(2))
    callback = app.authorise(first, ADA)

    with pytest.raises(ObctlError, match="state"):
        app.exchange(second, callback)
    with pytest.raises(ObctlError, match="iss"):
        app.exchange(first, callback.replace("iss=", "was="))


def test_an_ended_token_is_refreshed(app, adas_accounts):
    request = app.push(app.lodge_account_consent())
    first = app.exchange(request, app.authorise(request, ADA))
    app.profile.grants[first.kind].expires_at_s = 0

    app.get(f"{AISP}/accounts")

    assert app.profile.grants[first.kind].access_token != first.access_token


def test_a_payment_is_approved_and_made_once(app, adas_accounts):
    request = app.push(app.lodge_payment_consent(amount="12.50"))
    app.exchange(request, app.authorise(request, ADA))

    first = app.pay()
    again = app.pay()

    assert first["Data"]["DomesticPaymentId"] == again["Data"]["DomesticPaymentId"]
    assert app.get_payment(first["Data"]["DomesticPaymentId"])["Data"]["Initiation"]["InstructedAmount"] == {
        "Amount": "12.50",
        "Currency": "GBP",
    }


def test_a_webhook_endpoint_comes_with_its_keys(app):
    endpoint = app.create_webhook_endpoint("http://127.0.0.1:9/webhooks", event_types=["consent.ended"])

    assert endpoint["secret"].startswith("whsec_")
    assert endpoint["verification_keys"][0].startswith("whpk_")
    assert app.get("/webhooks/endpoints")["endpoints"][0]["id"] == endpoint["id"]


def test_without_a_platform_it_says_so(tmp_path):
    with pytest.raises(NotReachable, match="Nothing answers"):
        ThirdPartyClient.register(base_url="http://127.0.0.1:9", name="x", redirect_uri=REDIRECT_URI)


def test_the_command_line_tells_the_whole_story(base_url, adas_accounts, tmp_path, monkeypatch, capsys):
    monkeypatch.chdir(tmp_path)

    assert main(["app", "create", "--name", "Ledgerly", "--base-url", base_url, "--redirect-uri", REDIRECT_URI]) == 0
    assert main(["get", "/accounts"]) == 1
    assert "obctl consent" in capsys.readouterr().err
    assert main(["consent", "--username", ADA.username, "--password", ADA.password]) == 0
    assert main(["app", "create", "--base-url", base_url]) == 1
    capsys.readouterr()
    assert main(["get", "/accounts"]) == 0
    assert len(json.loads(capsys.readouterr().out)["Data"]["Account"]) == len(adas_accounts)
    assert main(["consent", "--username", "adda"]) == 1
    assert "knows no customer 'adda'" in capsys.readouterr().err
    assert main(["get", "/accounts"]) == 0, "a customer that is not known loses no earlier consent"
    assert main(["consent", "--payment", "3.20", "--username", ADA.username, "--password", ADA.password]) == 0
    capsys.readouterr()
    assert main(["pay"]) == 0
    assert json.loads(capsys.readouterr().out)["Data"]["DomesticPaymentId"]


def test_the_demos_profile_is_found_without_being_named(base_url, app, adas_accounts, tmp_path, monkeypatch):
    services = tmp_path / ".services"
    services.mkdir()
    (services / "client.jwks.json").write_text(json.dumps({"keys": [dict(app.profile.key)]}))
    client = {
        "client_id": app.profile.client_id,
        "jwks_file": ".services/client.jwks.json",
        "redirect_uri": REDIRECT_URI,
    }
    (services / "demo.json").write_text(json.dumps({"base_url": base_url, "client": client, "customers": []}))
    monkeypatch.chdir(tmp_path)

    assert main(["get", "/webhooks/endpoints"]) == 0
    assert main(["consent", "--username", ADA.username, "--password", ADA.password]) == 0
    assert main(["get", "/accounts"]) == 0
