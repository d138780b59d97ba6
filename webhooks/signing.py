"""Signatures as Standard Webhooks 1.0.0 writes them: ``v1`` (HMAC-SHA256) and ``v1a`` (Ed25519)."""

import base64
import hmac
import secrets
from collections.abc import Collection, Sequence
from dataclasses import dataclass

from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

HMAC = "v1"
ED25519 = "v1a"
SCHEMES = (HMAC, ED25519)
"""The two schemes, in the order in which they stand in the header."""

_SECRET_BYTES = 32


@dataclass(frozen=True, slots=True)
class KeyPair:
    """One generation of an endpoint's keys: a shared secret, and an Ed25519 key of which we keep the private part."""

    secret: bytes
    private_key: Ed25519PrivateKey

    @classmethod
    def generate(cls) -> "KeyPair":
        """Make new keys."""
        return cls(secrets.token_bytes(_SECRET_BYTES), Ed25519PrivateKey.generate())

    @classmethod
    def load(cls, *, secret: bytes, private_key: bytes) -> "KeyPair":
        """Take keys from their stored form: the secret, and the private key's 32 raw bytes."""
        return cls(secret, Ed25519PrivateKey.from_private_bytes(private_key))

    @property
    def public_key(self) -> bytes:
        """The 32 raw bytes by which a receiver checks ``v1a``."""
        return self.private_key.public_key().public_bytes_raw()


def signed_headers(
    *, message_id: str, timestamp: int, body: bytes, keys: Sequence[KeyPair], schemes: Collection[str]
) -> dict[str, str]:
    """
    Return the three headers that go with ``body``; the very same bytes must be sent.

    ``timestamp`` is this attempt's, in whole seconds since 1970 (UTC). Each of ``keys`` signs by each of ``schemes``.
    """
    content = b"%s.%d.%s" % (message_id.encode(), timestamp, body)
    signatures = [f"{scheme},{_sign(scheme, key, content)}" for key in keys for scheme in SCHEMES if scheme in schemes]
    return {
        "webhook-id": message_id,
        "webhook-timestamp": str(timestamp),
        "webhook-signature": " ".join(signatures),
    }


def secret_text(secret: bytes) -> str:
    """Write a shared secret as ``whsec_…``."""
    return "whsec_" + base64.b64encode(secret).decode()


def public_key_text(public_key: bytes) -> str:
    """Write a public key as ``whpk_…``."""
    return "whpk_" + base64.b64encode(public_key).decode()


def public_jwk(public_key: bytes, *, key_id: str) -> dict[str, str]:
    """Write a public key as a JWK (RFC 8037 §2)."""
    x = base64.urlsafe_b64encode(public_key).rstrip(b"=").decode()
    return {"kty": "OKP", "crv": "Ed25519", "x": x, "use": "sig", "alg": "EdDSA", "kid": key_id}


def _sign(scheme: str, keys: KeyPair, content: bytes) -> str:
    raw = hmac.digest(keys.secret, content, "sha256") if scheme == HMAC else keys.private_key.sign(content)
    return base64.b64encode(raw).decode()
