"""Third parties are let in with sound clients only; suspending one needs a reason and is told."""

import pytest

from kernel import jose
from kernel.states import IllegalTransition
from oauth.errors import InvalidClientMetadata, InvalidRedirectUri, ReasonMissing, ThirdPartyNotFound
from oauth.models import Client, ThirdParty
from oauth.selectors import get_third_party_names
from oauth.services import reinstate_third_party, suspend_third_party
from oauth.states import THIRD_PARTY_LIFECYCLE, ThirdPartyStatus
from streaming.selectors import list_events
from tests.support.builders.oauth import a_client, a_customer, a_key, a_third_party

pytestmark = pytest.mark.django_db


def told(third_party):
    return [event.type for event in reversed(list_events(third_party_id=third_party.pk))]


def test_a_client_is_let_in_with_its_third_party(now):
    client = a_client(now=now)
    assert client.third_party.status == ThirdPartyStatus.ACTIVE
    assert client.client_jwks == {"keys": [jose.public_jwk(a_key())]}
    assert told(client.third_party) == ["oauth.third_party.registered", "oauth.client.registered"]
    assert get_third_party_names([client.third_party_id]) == {client.third_party_id: "Ledgerly"}


@pytest.mark.parametrize(
    "uri",
    [
        "http://third-party.example/",
        "https://third-party.example/#part",
        "https://third-party.example/#",
        "https://user@third-party.example/",
        "https://*.third-party.example/",
        "https://third-party.example:port/",
        "https:///callback",
        "https://third-party.example/ two",
        "https://third-party.example/\n",
        "javascript:alert(1)",
        "custom.scheme:/callback",
        "/callback",
        "",
        "https://third-party.example/" + "a" * 2000,
        "http://127.0.0.1.evil.example/",
        "http://localhost@evil.example/",
        "https://third-party.example;sandbox/",  # the pages' policy names the origin.
        "https://third-party.example,default-src/",
        "https://third-party.example'/",
        "https://third%20party.example/",
    ],
)
def test_a_redirect_uri_that_could_lead_elsewhere_is_not_registered(uri):
    with pytest.raises(InvalidRedirectUri):
        a_client(redirect_uris=(uri,))
    assert not ThirdParty.objects.exists()


@pytest.mark.parametrize("uri", ["http://127.0.0.1:8765/callback", "http://localhost/", "http://[::1]:1/a"])
def test_loopback_over_plain_http_is_for_a_sandbox_only(uri, settings):
    assert a_client(redirect_uris=(uri,)).redirect_uris == uri
    settings.SANDBOX = False
    with pytest.raises(InvalidRedirectUri):
        a_client(redirect_uris=(uri,))


@pytest.mark.parametrize("name", ["", "   ", "a" * 201, "a\nb"])
def test_a_name_that_nobody_could_read_is_refused(name):
    with pytest.raises(InvalidClientMetadata):
        a_client(third_party_name=name)


def test_a_private_key_is_not_taken():
    with pytest.raises(InvalidClientMetadata):
        a_client(key={"kty": "oct", "k": "AAAA"})
    assert not Client.objects.exists()


def test_a_suspension_keeps_its_reason_and_is_told(now):
    third_party = a_third_party(now=now)
    suspend_third_party(third_party_id=third_party.pk, reason="  Keys leaked  ", now=now)
    third_party.refresh_from_db()
    assert (third_party.status, third_party.status_reason) == (ThirdPartyStatus.SUSPENDED, "Keys leaked")
    reinstate_third_party(third_party_id=third_party.pk, reason="Keys changed", now=now)
    third_party.refresh_from_db()
    assert (third_party.status, third_party.status_reason) == (ThirdPartyStatus.ACTIVE, "")
    assert told(third_party)[-2:] == ["oauth.third_party.suspended", "oauth.third_party.reinstated"]


@pytest.mark.parametrize("deed", [suspend_third_party, reinstate_third_party])
def test_a_deed_without_a_reason_is_refused(now, deed):
    third_party = a_third_party(is_suspended=deed is reinstate_third_party, now=now)
    with pytest.raises(ReasonMissing):
        deed(third_party_id=third_party.pk, reason=" ", now=now)


@pytest.mark.parametrize("status", ThirdPartyStatus.values)
@pytest.mark.parametrize(
    ("deed", "target"),
    [(suspend_third_party, ThirdPartyStatus.SUSPENDED), (reinstate_third_party, ThirdPartyStatus.ACTIVE)],
)
def test_every_move_follows_the_life_cycle(now, status, deed, target):
    third_party = a_third_party(now=now)
    ThirdParty.objects.update(status=status, status_reason="" if status == ThirdPartyStatus.ACTIVE else "why")
    if THIRD_PARTY_LIFECYCLE.may(ThirdPartyStatus(status), target):
        assert deed(third_party_id=third_party.pk, reason="why", now=now).status == target
    else:
        with pytest.raises(IllegalTransition):
            deed(third_party_id=third_party.pk, reason="why", now=now)


def test_an_unknown_third_party_is_not_found(now):
    with pytest.raises(ThirdPartyNotFound):
        suspend_third_party(third_party_id=a_customer().pk, reason="why", now=now)
