"""Keys that must be used again are stored encrypted, under keys derived from the deployment's secret keys."""

import hashlib
import os
from functools import lru_cache
from uuid import UUID

from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.ciphers.aead import AESGCM
from cryptography.hazmat.primitives.hashes import SHA256
from cryptography.hazmat.primitives.kdf.hkdf import HKDF
from django.conf import settings

from webhooks.errors import SealBroken

_VERSION = b"\x01"
_KEY_ID_BYTES = 4
_NONCE_BYTES = 12
_HEAD = len(_VERSION) + _KEY_ID_BYTES


def seal(plain: bytes, *, owner: UUID) -> bytes:
    """Encrypt ``plain`` (AES-256-GCM) so that it can be opened only as a secret of ``owner``."""
    key_id, key = _derived(settings.SECRET_KEY)
    nonce = os.urandom(_NONCE_BYTES)
    return _VERSION + key_id + nonce + AESGCM(key).encrypt(nonce, plain, owner.bytes)


def unseal(sealed: bytes, *, owner: UUID) -> bytes:
    """
    Decrypt what :func:`seal` made, also under a former secret key (``SECRET_KEY_FALLBACKS``).

    :raises SealBroken: if no key opens it, or it is a secret of another owner.
    """
    key_id, nonce, cipher = sealed[1:_HEAD], sealed[_HEAD : _HEAD + _NONCE_BYTES], sealed[_HEAD + _NONCE_BYTES :]
    for secret in (settings.SECRET_KEY, *settings.SECRET_KEY_FALLBACKS):
        known_id, key = _derived(secret)
        if sealed[:1] == _VERSION and known_id == key_id:
            try:
                return AESGCM(key).decrypt(nonce, cipher, owner.bytes)
            except InvalidTag:
                break
    raise SealBroken(owner=owner)


@lru_cache(maxsize=8)
def _derived(secret: str) -> tuple[bytes, bytes]:
    """Return the id (which tells nothing about it) and the key that belong to a secret key."""
    key = HKDF(SHA256(), length=32, salt=None, info=b"millrace webhooks.vault v1").derive(secret.encode())
    return hashlib.sha256(b"id" + key).digest()[:_KEY_ID_BYTES], key
