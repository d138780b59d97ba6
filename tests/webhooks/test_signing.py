"""Signatures are those of Standard Webhooks 1.0.0: its own library and the published key agree."""

import base64
import time

import pytest
from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PublicKey
from standardwebhooks import Webhook, WebhookVerificationError

from webhooks.signing import KeyPair, public_jwk, public_key_text, secret_text, signed_headers

BODY = '{"type":"balance.changed","note":"£"}'.encode()


@pytest.fixture
def keys():
    return KeyPair.generate()


def _signed(*keys, schemes=("v1", "v1a"), timestamp=None):
    return signed_headers(
        message_id="msg_1", timestamp=timestamp or int(time.time()), body=BODY, keys=keys, schemes=schemes
    )


def _ed25519_signatures(headers):
    parts = [part.split(",") for part in headers["webhook-signature"].split(" ")]
    return [base64.b64decode(value) for scheme, value in parts if scheme == "v1a"]


def test_the_official_library_accepts_the_hmac_signature(keys):
    assert Webhook(secret_text(keys.secret)).verify(BODY, _signed(keys))["type"] == "balance.changed"


def test_the_published_key_accepts_the_ed25519_signature(keys):
    headers = _signed(keys)
    public = base64.b64decode(public_key_text(keys.public_key).removeprefix("whpk_"))

    [signature] = _ed25519_signatures(headers)

    content = f"msg_1.{headers['webhook-timestamp']}.".encode() + BODY
    Ed25519PublicKey.from_public_bytes(public).verify(signature, content)
    with pytest.raises(InvalidSignature):
        Ed25519PublicKey.from_public_bytes(public).verify(signature, content + b" ")


def test_a_changed_byte_an_old_timestamp_and_a_wrong_key_are_rejected(keys):
    webhook = Webhook(secret_text(keys.secret))
    for body, headers in (
        (BODY + b" ", _signed(keys)),
        (BODY, _signed(keys, timestamp=int(time.time()) - 6 * 60)),
        (BODY, _signed(KeyPair.generate())),
    ):
        with pytest.raises(WebhookVerificationError):
            webhook.verify(body, headers)


def test_while_keys_overlap_either_of_them_verifies(keys):
    newer = KeyPair.generate()
    headers = _signed(newer, keys)

    for each in (keys, newer):
        Webhook(secret_text(each.secret)).verify(BODY, headers)
    assert len(_ed25519_signatures(headers)) == 2


def test_a_scheme_that_is_switched_off_signs_nothing(keys):
    assert _signed(keys, schemes=["v1"])["webhook-signature"].startswith("v1,")
    assert " " not in _signed(keys, schemes=["v1a"])["webhook-signature"]


def test_the_jwk_holds_the_same_public_key(keys):
    jwk = public_jwk(keys.public_key, key_id="k")

    assert base64.urlsafe_b64decode(jwk["x"] + "=") == keys.public_key
    assert "d" not in jwk
