"""Row 72: nothing advertised fails, nothing unadvertised works."""

import dataclasses

import pytest

from oauth.api.discovery import describe
from oauth.api.token import GRANT_TYPES
from oauth.profiles import FAPI2_SP
from tests.support.builders.oauth import a_third_party_client

DOCUMENTS = ("/.well-known/oauth-authorization-server", "/.well-known/openid-configuration")


@pytest.fixture
def metadata(third_party):
    return third_party.discovery


def test_both_documents_say_the_same(third_party):
    assert len({third_party.http.get(address).content for address in DOCUMENTS}) == 1


def test_the_issuer_is_the_platforms_address_and_every_endpoint_lies_below_it(metadata, settings):
    assert metadata["issuer"] == settings.OAUTH_ISSUER
    addresses = [value for name, value in metadata.items() if name.endswith(("_endpoint", "_uri"))]
    assert len(addresses) == 5
    assert all(address.startswith(settings.OAUTH_ISSUER + "/oauth/") for address in addresses)


def test_every_advertised_endpoint_is_there(third_party, metadata):
    for name, address in metadata.items():
        if name.endswith(("_endpoint", "_uri")):
            assert third_party.http.get(address).status_code in {200, 400, 405}, name


def test_every_advertised_grant_is_built_and_no_other(metadata):
    assert set(metadata["grant_types_supported"]) == set(GRANT_TYPES)


def test_every_advertised_way_of_authentication_works(db, metadata):
    assert metadata["token_endpoint_auth_methods_supported"] == ["private_key_jwt"]
    for alg in metadata["token_endpoint_auth_signing_alg_values_supported"]:
        assert a_third_party_client(alg=alg).own_token()


def test_every_advertised_scope_can_be_asked_for(third_party, metadata):
    assert set(metadata["scopes_supported"]) == {"accounts", "payments", "openid"}
    assert third_party.own_token("accounts payments")


def test_the_document_follows_the_profile():
    changed = dataclasses.replace(FAPI2_SP, signing_algs=("ES256",), id_token_algs=("ES256",))
    document = describe(changed)
    assert document["token_endpoint_auth_signing_alg_values_supported"] == ["ES256"]
    assert document["id_token_signing_alg_values_supported"] == ["ES256"]


def test_nothing_is_claimed_that_is_not_built(metadata):
    absent = {
        "introspection_endpoint",
        "userinfo_endpoint",
        "registration_endpoint",
        "end_session_endpoint",
        "dpop_signing_alg_values_supported",
        "tls_client_certificate_bound_access_tokens",
        "mtls_endpoint_aliases",
        "backchannel_authentication_endpoint",
    }
    assert not absent & metadata.keys()
    for name in ("request_parameter_supported", "request_uri_parameter_supported", "claims_parameter_supported"):
        assert metadata[name] is False


@pytest.mark.parametrize("address", ["/oauth/introspect", "/oauth/userinfo", "/oauth/register", "/oauth/device"])
def test_what_is_not_claimed_is_not_there(third_party, address):
    assert third_party.http.post(address).status_code == 404


def test_row_73_the_key_set_has_two_public_keys_with_different_ids(third_party, metadata):
    response = third_party.http.get(metadata["jwks_uri"])
    keys = response.json()["keys"]
    assert sorted(key["alg"] for key in keys) == ["ES256", "PS256"]
    assert len({key["kid"] for key in keys}) == 2
    assert not any(key.keys() & {"d", "p", "q", "dp", "dq", "qi", "k"} for key in keys)
