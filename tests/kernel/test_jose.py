"""Tokens are verified for one purpose, by one list of algorithms, and for nobody else."""

import json
from base64 import urlsafe_b64encode
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from joserfc import jws
from joserfc.jwk import OctKey, RSAKey

from kernel import jose

NOW = datetime(2026, 11, 23, 14, 5, tzinfo=UTC)
EC, RSA = jose.generate_key("ES256"), jose.generate_key("PS256")
CLAIMS = {"iss": "client", "aud": "https://bank.example", "exp": NOW.timestamp() + 60, "jti": "1"}


def verify(token: str, **changes: Any) -> dict[str, Any]:
    arguments: dict[str, Any] = {
        "keys": [jose.public_jwk(EC), jose.public_jwk(RSA)],
        "algs": ("ES256", "PS256"),
        "typ": (None,),
        "aud": "https://bank.example",
        "iss": "client",
        "now": NOW,
        "max_life": timedelta(minutes=10),
        "clock_future": timedelta(seconds=10),
        "required": ("jti",),
    }
    return jose.verify(token, **arguments | changes)


def signed(key: dict[str, Any] = EC, *, typ: str | None = None, **claims: Any) -> str:
    chosen = {name: value for name, value in (CLAIMS | claims).items() if value is not None}
    return jose.sign(chosen, key=key, alg=key["alg"], typ=typ)


@pytest.mark.parametrize("key", [EC, RSA], ids=["ES256", "PS256"])
def test_a_token_signed_by_a_known_key_is_accepted(key):
    assert verify(signed(key)) == CLAIMS


@pytest.mark.parametrize(
    "claims",
    [
        {"aud": ["https://bank.example"]},
        {"aud": "https://bank.example/oauth/token"},
        {"aud": None},
        {"iss": "other"},
        {"jti": None},
        {"jti": ""},
        {"jti": 7},
        {"exp": None},
        {"exp": True},
        {"exp": "soon"},
        {"exp": NOW.timestamp()},
        {"exp": NOW.timestamp() + 611},
        {"exp": float("inf")},
        {"exp": float("nan")},
        {"exp": 10**400},
        {"iat": 10**400},
        {"iat": -(10**400)},
        {"jti": "\ud800"},
        {"iat": NOW.timestamp() + 61},
        {"nbf": NOW.timestamp() + 61},
    ],
)
def test_a_token_whose_claims_do_not_fit_is_refused(claims):
    with pytest.raises(jose.InvalidToken):
        verify(signed(**claims))


@pytest.mark.parametrize("name", ["iat", "nbf"])
def test_a_clock_eight_seconds_ahead_is_forgiven(name):
    ahead: dict[str, Any] = {name: NOW.timestamp() + 8}
    assert verify(signed(**ahead))


@pytest.mark.parametrize("typ", ["at+jwt", "dpop+jwt", "application/jose"])
def test_a_token_made_for_another_purpose_is_refused(typ):
    with pytest.raises(jose.InvalidToken):
        verify(signed(typ=typ))


def test_the_type_jwt_says_no_more_than_none():
    assert verify(signed(typ="JWT"))


def test_row_2_an_unsigned_token_and_one_keyed_with_the_public_key_are_refused():
    head = urlsafe_b64encode(b'{"alg":"none"}').rstrip(b"=").decode()
    body = urlsafe_b64encode(json.dumps(CLAIMS).encode()).rstrip(b"=").decode()
    public_pem = RSAKey.import_key(jose.public_jwk(RSA)).as_pem(private=False)
    hmac_keyed = jws.serialize_compact(
        {"alg": "HS256"}, json.dumps(CLAIMS), OctKey.import_key(public_pem.hex()), algorithms=["HS256"]
    )
    for token in (f"{head}.{body}.", hmac_keyed):
        with pytest.raises(jose.InvalidToken):
            verify(token)


def test_row_3_an_rs256_signature_is_refused():
    key = RSAKey.import_key({name: value for name, value in RSA.items() if name != "alg"})
    token = jws.serialize_compact({"alg": "RS256"}, json.dumps(CLAIMS), key, algorithms=["RS256"])
    with pytest.raises(jose.InvalidToken):
        verify(token)


def test_a_token_of_another_key_is_refused():
    stranger = jose.generate_key("ES256") | {"kid": EC["kid"]}
    with pytest.raises(jose.InvalidToken):
        verify(signed(stranger))


def test_a_kid_that_stands_for_two_keys_is_resolved_by_their_type():
    first, second = EC | {"kid": "1"}, RSA | {"kid": "1"}
    keys = [jose.public_jwk(first), jose.public_jwk(second)]
    assert verify(signed(second), keys=keys)
    assert verify(signed(first), keys=keys)


def test_a_critical_header_that_is_not_understood_is_refused():
    header = json.dumps({"alg": "ES256", "crit": ["x"], "x": 1}).encode()
    token = ".".join([urlsafe_b64encode(header).rstrip(b"=").decode(), *signed().split(".")[1:]])
    with pytest.raises(jose.InvalidToken):
        verify(token)


def test_a_claim_that_is_given_twice_is_refused():
    key = jose._private_key(json.dumps(EC))
    token = jws.serialize_compact({"alg": "ES256"}, '{"iss":"client","iss":"other"}', key, algorithms=["ES256"])
    with pytest.raises(jose.InvalidToken):
        verify(token)


@given(st.text() | st.builds(".".join, st.lists(st.from_regex("[A-Za-z0-9_-]*", fullmatch=True), max_size=5)))
def test_garbage_is_refused_and_breaks_nothing(text):
    with pytest.raises(jose.InvalidToken):
        verify(text)


@given(position=st.integers(0, 10_000), character=st.sampled_from("Aa0_-.="))
def test_a_token_that_was_changed_anywhere_is_refused_or_reads_the_same(position, character):
    token = signed()
    position %= len(token)
    changed = token[:position] + character + token[position + 1 :]
    try:
        assert verify(changed) == CLAIMS
    except jose.InvalidToken:
        assert changed != token


def test_row_30_a_token_of_a_megabyte_is_refused_unread():
    with pytest.raises(jose.InvalidToken):
        verify("a" * 1_000_000)


def test_row_73_the_public_part_of_a_key_has_no_private_member():
    for key in (EC, RSA):
        assert not jose.public_jwk(key).keys() & {"d", "p", "q", "dp", "dq", "qi"}


@pytest.mark.parametrize(
    "keys",
    [
        [],
        [EC],
        [RSA],
        [{"kty": "oct", "k": "AAAA"}],
        [{"kty": "EC", "crv": "P-384", "x": "AA", "y": "AA"}],
        [{"kty": "EC", "crv": "P-256", "x": "AA", "y": "AA"}],
        [{"kty": "RSA", "n": "AA", "e": "AQAB"}],
        [jose.public_jwk(EC) | {"use": "enc"}],
        ["nonsense"],
    ],
)
def test_keys_that_are_private_weak_or_useless_are_refused(keys):
    with pytest.raises(jose.InvalidKeySet):
        jose.check_public_keys(keys)


def test_public_keys_of_both_kinds_are_accepted():
    jose.check_public_keys([jose.public_jwk(EC), jose.public_jwk(RSA)])
