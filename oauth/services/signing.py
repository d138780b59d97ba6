"""Signing with the platform's own keys, for this room and those above it."""

from collections.abc import Mapping
from enum import StrEnum
from typing import Any

from kernel import jose
from oauth.keys import signing_key
from oauth.states import SigningAlgorithm


class SigningPurpose(StrEnum):
    """What a signed token is for; the value is its header's ``typ``, so that none passes for another."""

    ID_TOKEN = "JWT"


def sign(*, claims: Mapping[str, Any], purpose: SigningPurpose, alg: SigningAlgorithm = SigningAlgorithm.ES256) -> str:
    """Sign claims with the platform's key for an algorithm; clients verify with the keys at ``/oauth/jwks``."""
    return jose.sign(claims, key=signing_key(alg), alg=alg, typ=purpose)
