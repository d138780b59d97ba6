"""Endpoints' keys at rest open only for their endpoint, under the present or a former secret key."""

from uuid import uuid4

import pytest

from webhooks.errors import SealBroken
from webhooks.vault import seal, unseal


def test_what_is_sealed_opens_for_its_owner_only():
    owner = uuid4()
    sealed = seal(b"secret", owner=owner)

    assert b"secret" not in sealed
    assert unseal(sealed, owner=owner) == b"secret"
    with pytest.raises(SealBroken):
        unseal(sealed, owner=uuid4())


def test_a_former_secret_key_still_opens(settings):
    owner = uuid4()
    sealed = seal(b"secret", owner=owner)

    settings.SECRET_KEY, settings.SECRET_KEY_FALLBACKS = "another" * 10, [settings.SECRET_KEY]
    assert unseal(sealed, owner=owner) == b"secret"

    settings.SECRET_KEY_FALLBACKS = []
    with pytest.raises(SealBroken):
        unseal(sealed, owner=owner)


def test_an_altered_byte_is_noticed():
    owner = uuid4()
    sealed = bytearray(seal(b"secret", owner=owner))
    for index in range(len(sealed)):
        altered = bytes(sealed[:index]) + bytes([sealed[index] ^ 1]) + bytes(sealed[index + 1 :])
        with pytest.raises(SealBroken):
            unseal(altered, owner=owner)
