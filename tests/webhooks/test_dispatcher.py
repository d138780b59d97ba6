"""The dispatcher against a real receiver: signed, once, under live consent, and again when it must be."""

import base64
import json
from datetime import UTC, datetime, timedelta
from uuid import uuid4

import pytest
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PublicKey
from django.db.models import F
from standardwebhooks import Webhook

from oauth.models import ThirdParty
from tests.support.builders.webhooks import (
    a_caller,
    an_endpoint,
    news_of_a_balance,
    news_of_a_consent,
    reload,
    tell,
)
from tests.support.receiver import Reply, a_receiver
from tests.webhooks.conftest import end
from webhooks import services
from webhooks.models import Attempt, Delivery, Endpoint
from webhooks.signing import public_key_text, secret_text
from webhooks.states import DeliveryState, EndpointStatus

pytestmark = pytest.mark.django_db(transaction=True)


def states():
    return list(Delivery.objects.order_by("id").values_list("state", flat=True))


def all_are(state, count=1):
    return lambda: states() == [state] * count


def make_due():
    Delivery.objects.update(next_attempt_at=datetime.now(UTC) - timedelta(seconds=1))


def test_an_endpoint_goes_live_once_it_echoes_its_signed_challenge(third_party, receiver, dispatch, now):
    made = an_endpoint(third_party.id, now=now, url=receiver.url, is_live=False)

    dispatch(lambda: reload(made.endpoint).status == EndpointStatus.LIVE)

    [call] = receiver.calls
    Webhook(secret_text(made.keys.secret)).verify(call.body, dict(call.headers))


def test_without_the_echo_an_endpoint_stays_unconfirmed_and_is_asked_again_later(third_party, receiver, dispatch, now):
    receiver.echoes_challenges = False
    made = an_endpoint(third_party.id, now=now, url=receiver.url, is_live=False)

    dispatch(lambda: bool(receiver.calls))

    endpoint = reload(made.endpoint)
    assert endpoint.status == EndpointStatus.UNCONFIRMED
    assert endpoint.challenge_due_at > datetime.now(UTC)


def test_an_endpoint_that_never_echoes_is_disabled(third_party, receiver, dispatch, now):
    receiver.echoes_challenges = False
    made = an_endpoint(third_party.id, now=now, url=receiver.url, is_live=False)
    Endpoint.objects.update(challenge_attempts=9)

    dispatch(lambda: reload(made.endpoint).status == EndpointStatus.DISABLED)


def test_a_delivery_is_signed_twice_and_carries_the_event(third_party, consent, account_id, receiver, dispatch, now):
    made = an_endpoint(third_party.id, now=now, url=receiver.url)
    item = news_of_a_balance(account_id, now=now)
    tell([item], now=now)

    dispatch(all_are(DeliveryState.DELIVERED))

    [call] = receiver.events
    assert call.headers["webhook-id"] == str(item.event_id)
    assert call.headers["content-type"] == "application/json"
    message = Webhook(secret_text(made.keys.secret)).verify(call.body, dict(call.headers))
    assert message == {
        "type": "balance.changed",
        "timestamp": "2026-11-23T14:05:00.000Z",
        "sequence": 1,
        "data": {"account_id": account_id.hex, "consent_ids": [consent.id.hex]},
    }
    signatures = dict(part.split(",") for part in call.headers["webhook-signature"].split(" "))
    published = base64.b64decode(public_key_text(made.keys.public_key).removeprefix("whpk_"))
    signed = f"{call.headers['webhook-id']}.{call.headers['webhook-timestamp']}.".encode() + call.body
    Ed25519PublicKey.from_public_bytes(published).verify(base64.b64decode(signatures["v1a"]), signed)
    attempt = Attempt.objects.get()
    assert (attempt.number, attempt.status, attempt.outcome) == (1, 204, "status_204")


def test_after_the_consents_end_no_data_goes_out_but_its_end_does(
    third_party, consent, account_id, receiver, dispatch, now
):
    an_endpoint(third_party.id, now=now, url=receiver.url)
    tell([news_of_a_balance(account_id, now=now)], now=now)
    end(consent, now=now)
    tell([news_of_a_consent(third_party.id, consent.id, now=now)], now=now)

    dispatch(lambda: DeliveryState.DUE not in states())

    assert states() == [DeliveryState.SUPPRESSED, DeliveryState.DELIVERED]
    assert Delivery.objects.get(state=DeliveryState.SUPPRESSED).reason == "no_live_consent"
    assert [call.message["type"] for call in receiver.events] == ["consent.ended"]
    assert Attempt.objects.count() == 1


def test_a_suspended_third_partys_deliveries_wait_and_go_out_when_it_is_back(
    third_party, consent, account_id, receiver, dispatch, now
):
    an_endpoint(third_party.id, now=now, url=receiver.url)
    tell([news_of_a_balance(account_id, now=now)], now=now)
    ThirdParty.objects.update(status="suspended", status_reason="leaked its keys")
    with a_receiver() as other_receiver:
        other = _another_third_party_is_told(other_receiver, now)
        dispatch(lambda: Delivery.objects.get(third_party_id=other).state == DeliveryState.DELIVERED)
    assert receiver.events == []
    assert Delivery.objects.get(third_party_id=third_party.id).state == DeliveryState.DUE

    ThirdParty.objects.update(status="active", status_reason="")
    dispatch(all_are(DeliveryState.DELIVERED, 2))
    assert len(receiver.events) == 1


def test_a_withdrawn_third_party_is_told_nothing_more(third_party, consent, account_id, receiver, dispatch, now):
    an_endpoint(third_party.id, now=now, url=receiver.url)
    tell([news_of_a_balance(account_id, now=now)], now=now)
    ThirdParty.objects.update(status="withdrawn", status_reason="licence lost")

    dispatch(all_are(DeliveryState.SUPPRESSED))

    assert receiver.events == []
    assert Delivery.objects.get().reason == "third_party_withdrawn"


def test_a_failed_delivery_is_made_again_under_the_same_id(third_party, consent, account_id, receiver, dispatch, now):
    an_endpoint(third_party.id, now=now, url=receiver.url)
    receiver.replies.append(Reply(status=503))
    tell([news_of_a_balance(account_id, now=now)], now=now)

    dispatch(lambda: Attempt.objects.count() == 1)
    delivery = Delivery.objects.get()
    pause_s = (delivery.next_attempt_at - datetime.now(UTC)).total_seconds()
    assert (delivery.state, delivery.attempts, delivery.reason) == (DeliveryState.DUE, 1, "status_503")
    assert 0 < pause_s <= 6

    make_due()
    dispatch(all_are(DeliveryState.DELIVERED))
    first, second = receiver.events
    assert first.headers["webhook-id"] == second.headers["webhook-id"]
    assert first.body == second.body
    assert list(Attempt.objects.order_by("id").values_list("number", "status")) == [(1, 503), (2, 204)]


def test_410_disables_the_endpoint_in_one_attempt_and_what_is_due_waits(
    third_party, consent, account_id, receiver, dispatch, now
):
    made = an_endpoint(third_party.id, now=now, url=receiver.url)
    receiver.replies.append(Reply(status=410))
    tell([news_of_a_balance(account_id, now=now)], now=now)
    dispatch(lambda: reload(made.endpoint).status == EndpointStatus.DISABLED)
    tell([news_of_a_balance(account_id, now=now)], now=now)

    services.change_endpoint(caller=a_caller(third_party.id), endpoint_id=made.endpoint.id, is_enabled=True, now=now)
    dispatch(lambda: states() == [DeliveryState.EXHAUSTED, DeliveryState.DELIVERED])

    assert len(receiver.events) == 2


def test_retry_after_is_respected(third_party, consent, account_id, receiver, dispatch, now):
    an_endpoint(third_party.id, now=now, url=receiver.url)
    receiver.replies.append(Reply(status=429, headers={"retry-after": "3600"}))
    tell([news_of_a_balance(account_id, now=now)], now=now)

    dispatch(lambda: Attempt.objects.count() == 1)

    pause_s = (Delivery.objects.get().next_attempt_at - datetime.now(UTC)).total_seconds()
    assert 3500 < pause_s <= 3600


def test_a_lease_of_a_dead_dispatcher_runs_out_and_another_takes_over(
    third_party, consent, account_id, receiver, dispatch, now
):
    an_endpoint(third_party.id, now=now, url=receiver.url)
    tell([news_of_a_balance(account_id, now=now)], now=now)
    Delivery.objects.update(lease=uuid4(), next_attempt_at=datetime.now(UTC) - timedelta(milliseconds=1))

    dispatch(all_are(DeliveryState.DELIVERED))

    assert len(receiver.events) == 1


def test_many_deliveries_go_out_once_each_ten_at_a_time(third_party, consent, account_id, receiver, dispatch, now):
    an_endpoint(third_party.id, now=now, url=receiver.url)
    tell([news_of_a_balance(account_id, now=now) for _ in range(60)], now=now)

    dispatch(all_are(DeliveryState.DELIVERED, 60))

    assert len({call.headers["webhook-id"] for call in receiver.events}) == 60
    assert len(receiver.events) == 60
    assert sorted(json.loads(call.body)["sequence"] for call in receiver.events) == list(range(1, 61))


def test_a_replay_keeps_the_id_and_asks_for_the_consent_anew(third_party, consent, account_id, receiver, dispatch, now):
    made = an_endpoint(third_party.id, now=now, url=receiver.url)
    item = news_of_a_balance(account_id, now=now)
    tell([item], now=now)
    dispatch(all_are(DeliveryState.DELIVERED))

    def replay():
        services.replay_delivery(
            caller=a_caller(third_party.id), endpoint_id=made.endpoint.id, event_id=item.event_id, now=now
        )

    replay()
    dispatch(all_are(DeliveryState.DELIVERED))
    assert [call.headers["webhook-id"] for call in receiver.events] == [str(item.event_id)] * 2

    end(consent, now=now)
    replay()
    dispatch(all_are(DeliveryState.SUPPRESSED))
    assert len(receiver.events) == 2


def test_old_and_new_keys_sign_while_they_overlap(third_party, consent, account_id, receiver, dispatch, now):
    made = an_endpoint(third_party.id, now=now, url=receiver.url)
    newer = services.rotate_keys(
        caller=a_caller(third_party.id), endpoint_id=made.endpoint.id, overlap=timedelta(days=7), now=datetime.now(UTC)
    )
    tell([news_of_a_balance(account_id, now=now)], now=now)

    dispatch(all_are(DeliveryState.DELIVERED))

    [call] = receiver.events
    for keys in (made.keys, newer.keys):
        Webhook(secret_text(keys.secret)).verify(call.body, dict(call.headers))
    assert len(call.headers["webhook-signature"].split(" ")) == 4


def test_a_lost_database_connection_is_made_anew(third_party, consent, account_id, receiver, dispatch, now):
    an_endpoint(third_party.id, now=now, url=receiver.url)
    tell([news_of_a_balance(account_id, now=now)], now=now)
    Delivery.objects.update(next_attempt_at=F("next_attempt_at") + timedelta(hours=1))
    killed: list[int] = []

    def until():
        if not killed:
            killed.append(_kill_dispatchers_connections())
            if killed == [0]:
                killed.clear()
                return False
            make_due()
        return states() == [DeliveryState.DELIVERED]

    dispatch(until)

    assert len(receiver.events) == 1


def _kill_dispatchers_connections() -> int:
    from django.db import connection

    with connection.cursor() as cursor:
        cursor.execute(
            "SELECT count(pg_terminate_backend(pid)) FROM pg_stat_activity"
            " WHERE application_name = 'millrace dispatcher' AND datname = current_database()"
        )
        return int(cursor.fetchone()[0])


def _another_third_party_is_told(receiver, now):
    from tests.support.builders.oauth import a_third_party
    from tests.webhooks.conftest import give_consent

    other = a_third_party(name="Other", now=now)
    account_id = uuid4()
    give_consent(other, account_id, now=now)
    an_endpoint(other.id, now=now, url=receiver.url)
    tell([news_of_a_balance(account_id, now=now)], now=now)
    return other.id
