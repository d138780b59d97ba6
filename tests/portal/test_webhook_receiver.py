"""A third party's receiver believes only what is signed by both keys, freshly, and takes each event once."""

import json
import time

import httpx
import pytest

from portal.obctl.receiver import WebhookReceiver
from webhooks.signing import KeyPair, public_key_text, secret_text, signed_headers

BODY = json.dumps({"type": "balance.changed", "data": {}}).encode()


@pytest.fixture
def keys():
    return KeyPair.generate()


@pytest.fixture
def receiver(keys):
    with WebhookReceiver() as listening:
        listening.trust(secret=secret_text(keys.secret), verification_key=public_key_text(keys.public_key))
        yield listening


def send(receiver, keys, *, body=BODY, sent=None, message_id="m1", schemes=("v1", "v1a"), age_s=0):
    headers = signed_headers(
        message_id=message_id, timestamp=int(time.time()) - age_s, body=body, keys=[keys], schemes=schemes
    )
    return httpx.post(receiver.url, content=sent or body, headers=headers, trust_env=False).status_code


def test_a_signed_event_is_kept_and_shown(receiver, keys):
    assert send(receiver, keys) == 204

    assert receiver.wait_for(lambda event: event.type == "balance.changed").id == "m1"
    [shown] = httpx.get(receiver.url, trust_env=False).json()
    assert shown["verified"] == {"v1": True, "v1a": True}
    assert shown["body"] == BODY.decode()


def test_a_repetition_is_taken_once(receiver, keys):
    assert [send(receiver, keys), send(receiver, keys)] == [204, 204]

    assert len(receiver.events) == 1


def test_what_is_altered_old_or_signed_by_others_is_refused(receiver, keys):
    assert send(receiver, keys, sent=BODY + b" ") == 401
    assert send(receiver, keys, age_s=6 * 60) == 401
    assert send(receiver, KeyPair.generate()) == 401
    assert send(receiver, keys, schemes=("v1",)) == 401
    assert send(receiver, keys, body=b"no json") == 400
    assert receiver.events == []


def test_a_challenge_is_echoed_before_any_key_is_known(keys):
    with WebhookReceiver() as receiver:
        challenge = {"type": "endpoint.challenge", "data": {"challenge": "echo me"}}
        answer = httpx.post(receiver.url, json=challenge, trust_env=False)

        assert answer.json() == {"challenge": "echo me"}
        assert send(receiver, keys) == 503


def test_waiting_ends_in_time(receiver):
    with pytest.raises(TimeoutError):
        receiver.wait_for(lambda event: True, timeout_s=0.05)
