"""Signing and verifying JSON Web Tokens over given keys: FAPI 2.0's algorithms and no others."""

import json
from collections.abc import Collection, Iterator, Mapping, Sequence
from datetime import datetime, timedelta
from functools import lru_cache
from typing import Any, TypeAlias

from joserfc import jws
from joserfc.errors import JoseError
from joserfc.jwk import ECKey, Key, RSAKey, import_key

from kernel.errors import DomainError

Jwk: TypeAlias = Mapping[str, Any]
"""One key as a JSON Web Key (RFC 7517)."""
Claims: TypeAlias = dict[str, Any]

ALGORITHMS: dict[str, tuple[str, str | None]] = {"ES256": ("EC", "P-256"), "PS256": ("RSA", None)}
"""Key type and curve that each algorithm takes (FAPI 2.0 §5.4.1)."""
MAX_LENGTH = 16_000
"""Characters of a token; a longer one is refused unread."""
MIN_RSA_BITS = 2048  # FAPI 2.0 §5.4.1

_END_OF_TIME_S = 253_402_300_800  # the year 10000: NaN, infinity and integers that no float holds lie beyond.
_PRIVATE_MEMBERS = frozenset({"d", "p", "q", "dp", "dq", "qi", "oth", "k"})


class InvalidToken(DomainError):
    code = "invalid_token"
    detail = "The signed token is not valid."


class InvalidKeySet(DomainError):
    code = "invalid_key_set"
    detail = "The key set is not one of public keys that can be used."


def sign(claims: Mapping[str, Any], *, key: Jwk, alg: str, typ: str | None = None) -> str:
    """Sign claims with a private key; ``typ`` says what the token is for (RFC 8725 §3.11)."""
    header = {"alg": alg} | ({"kid": key["kid"]} if "kid" in key else {}) | ({"typ": typ} if typ else {})
    payload = json.dumps(claims, separators=(",", ":")).encode()
    return jws.serialize_compact(header, payload, _private_key(json.dumps(dict(key))), algorithms=[alg])


def verify(
    token: str,
    *,
    keys: Sequence[Jwk],
    algs: Collection[str],
    typ: Collection[str | None],
    aud: str,
    iss: str,
    now: datetime,
    max_life: timedelta,
    clock_future: timedelta,
    required: Collection[str] = (),
) -> Claims:
    """
    Return the claims of a token that one of the keys signed for this audience.

    ``typ`` lists the accepted header values, ``None`` for its absence: one purpose, one list.
    ``aud`` must be this very string, not an array with it. ``exp`` must be there, and at most ``max_life``
    ahead; ``iat`` and ``nbf``, where given, at most ``clock_future`` ahead.

    :raises InvalidToken: for everything that does not fit; the private context says what.
    """
    header, claims = _read(token)
    alg = header.get("alg")
    if not isinstance(alg, str) or alg not in algs or alg not in ALGORITHMS:
        raise InvalidToken(fault="alg")
    if "crit" in header or _short_typ(header.get("typ")) not in typ:
        raise InvalidToken(fault="typ")
    if not any(_is_signed_by(token, key, alg) for key in _candidates(keys, alg, header.get("kid"))):
        raise InvalidToken(fault="signature")
    _check_claims(claims, {"aud": aud, "iss": iss}, required)
    _check_times(claims, now.timestamp(), max_life.total_seconds(), clock_future.total_seconds())
    return claims


def unverified_claims(token: str) -> Claims:
    """
    Return what a token claims, to find the keys that can verify it; trust nothing of it.

    :raises InvalidToken: if it is no token at all.
    """
    return _read(token)[1]


def generate_key(alg: str) -> dict[str, Any]:
    """Return a new private key for an algorithm; its ``kid`` is its thumbprint (RFC 7638)."""
    key: Key = ECKey.generate_key("P-256") if alg == "ES256" else RSAKey.generate_key(MIN_RSA_BITS)
    return {**key.as_dict(private=True), "kid": key.thumbprint(), "use": "sig", "alg": alg}


def public_jwk(key: Jwk) -> dict[str, Any]:
    """Return the part of a private key that may be published."""
    return {name: value for name, value in key.items() if name not in _PRIVATE_MEMBERS}


def check_public_keys(keys: Sequence[object]) -> None:
    """
    Refuse a client's keys, if one of them is private, weak, or of no use for our algorithms.

    :raises InvalidKeySet: if so, or if there is none.
    """
    if not keys:
        raise InvalidKeySet("The key set holds no key.")
    for key in keys:
        if not isinstance(key, Mapping) or _PRIVATE_MEMBERS & key.keys():
            raise InvalidKeySet("The key set holds a private or symmetric key.")
        if not any(_fits(key, alg) for alg in ALGORITHMS):
            raise InvalidKeySet("Keys must be EC P-256 for ES256 or RSA for PS256.")
        public = _public_key(key)
        if public is None or (isinstance(public, RSAKey) and public.public_key.key_size < MIN_RSA_BITS):
            raise InvalidKeySet("A key cannot be read, or is shorter than 2048 bits.")


def _check_claims(claims: Claims, expected: Mapping[str, str], required: Collection[str]) -> None:
    for name, value in expected.items():
        if claims.get(name) != value:  # an array that holds it differs from it.
            raise InvalidToken(fault=name)
    for name in required:
        if not isinstance(claims.get(name), str) or not claims[name]:
            raise InvalidToken(fault=name)


def _check_times(claims: Claims, now_s: float, max_life_s: float, future_s: float) -> None:
    expires_s = _time(claims, "exp")
    if expires_s is None or not now_s < expires_s <= now_s + max_life_s + future_s:
        raise InvalidToken(fault="exp")
    for name in ("iat", "nbf"):
        time_s = _time(claims, name)
        if time_s is not None and time_s > now_s + future_s:
            raise InvalidToken(fault=name)


def _time(claims: Claims, name: str) -> float | None:
    """Return a NumericDate (RFC 7519 §2) in seconds."""
    value = claims.get(name)
    if value is None:
        return None
    if isinstance(value, bool) or not isinstance(value, int | float) or not abs(value) < _END_OF_TIME_S:
        raise InvalidToken(fault=name)
    return value


def _short_typ(typ: object) -> str | None:
    """Return the header's ``typ`` as RFC 7515 §4.1.9 compares it; ``JWT`` says no more than its absence."""
    if not isinstance(typ, str):
        return None if typ is None else ""
    short = typ.lower().removeprefix("application/")
    return None if short == "jwt" else short


def _candidates(keys: Sequence[Jwk], alg: str, kid: object) -> Iterator[Key]:
    """Yield the keys that may have signed; a ``kid`` may stand for several keys of different types."""
    for key in keys:
        if _fits(key, alg) and (kid is None or key.get("kid") in (None, kid)) and (public := _public_key(key)):
            yield public


def _fits(key: Jwk, alg: str) -> bool:
    kty, curve = ALGORITHMS[alg]
    return (
        key.get("kty") == kty
        and (curve is None or key.get("crv") == curve)
        and key.get("alg", alg) == alg
        and key.get("use", "sig") == "sig"
    )


def _is_signed_by(token: str, key: Key, alg: str) -> bool:
    try:
        jws.deserialize_compact(token, key, algorithms=[alg], registry=_registry(alg))
    except (JoseError, ValueError):
        return False
    return True


def _registry(alg: str) -> jws.JWSRegistry:
    return jws.JWSRegistry(algorithms=[alg], strict_check_header=False)


def _read(token: str) -> tuple[dict[str, Any], Claims]:
    """Split a token into header and claims without verifying it."""
    if len(token) > MAX_LENGTH:
        raise InvalidToken(fault="length")
    try:
        signature = jws.extract_compact(token.encode(), registry=_registry("ES256"))
        claims = json.loads(signature.payload, object_pairs_hook=_once)
        json.dumps(claims, ensure_ascii=False).encode()  # a lone surrogate has no UTF-8, hence nowhere to be kept.
    except (JoseError, ValueError, TypeError, RecursionError):
        raise InvalidToken(fault="form") from None
    if not isinstance(claims, dict):
        raise InvalidToken(fault="form")
    return signature.headers(), claims


def _once(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    """Refuse a claim that is given twice (RFC 8725 §2.9: two parsers may read it differently)."""
    members = dict(pairs)
    if len(members) != len(pairs):
        raise ValueError("a name is given twice")
    return members


def _public_key(key: Jwk) -> Key | None:
    try:
        return import_key({name: value for name, value in key.items() if name != "key_ops"})
    except (JoseError, ValueError, TypeError, KeyError, AttributeError):
        return None


@lru_cache(maxsize=32)  # reading an RSA key costs more than signing with it.
def _private_key(text: str) -> Key:
    return import_key(json.loads(text))
