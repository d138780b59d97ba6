"""The whole way: an event is committed, relayed, fanned out, and arrives signed within a second."""

import threading
import time

import pytest
from django.db import transaction

from accounts.events import BalanceMoved
from consents.events import ConsentEnded
from consents.states import ConsentKind, EndedBy
from streaming import outbox
from tests.support.builders.webhooks import an_endpoint
from tests.support.streams import deliver, drain, relay_once
from tests.webhooks.conftest import end
from webhooks.models import Delivery, Notification
from webhooks.states import DeliveryState

pytestmark = pytest.mark.django_db(transaction=True)


def _balance(account_id, now):
    return BalanceMoved(
        occurred_at=now, account_id=account_id, currency="GBP", booked_minor=1, available_minor=1, as_of=now
    )


def test_events_are_told_under_their_public_names(third_party, consent, account_id, now):
    an_endpoint(third_party.id, now=now)
    ended = ConsentEnded(
        occurred_at=now,
        consent_id=consent.id,
        third_party_id=third_party.id,
        customer_id=consent.customer_id,
        kind=ConsentKind.ACCOUNT_ACCESS,
        ended_by=EndedBy.CUSTOMER,
        reason="",
    )

    deliver([_balance(account_id, now)], "webhooks.fan-out")
    deliver([ended], "webhooks.fan-out")

    told = Notification.objects.order_by("position").values_list("type", "resource_id")
    assert list(told) == [("balance.changed", account_id), ("consent.ended", consent.id)]


def test_an_event_arrives_through_the_broker_and_none_after_the_consents_end(
    third_party, consent, account_id, receiver, dispatch, now
):
    an_endpoint(third_party.id, now=now, url=receiver.url)

    def commit():
        with transaction.atomic():
            outbox.record(_balance(account_id, now))
        relay_once()
        drain("webhooks.fan-out")

    commit()
    dispatch(lambda: Delivery.objects.get().state == DeliveryState.DELIVERED)
    assert receiver.events[0].message["data"]["account_id"] == account_id.hex

    end(consent, now=now)
    commit()
    assert Delivery.objects.count() == 1
    assert len(receiver.events) == 1


def test_what_is_due_reaches_an_idle_dispatchers_receiver_within_a_fifth_of_a_second(
    third_party, consent, account_id, receiver, dispatch, now
):
    an_endpoint(third_party.id, now=now, url=receiver.url)
    committed_at_s: list[float] = []

    def until():
        if not committed_at_s:
            committed_at_s.append(0.0)
            threading.Event().wait(0.3)  # the dispatcher has fallen into its longest pause.
            deliver([_balance(account_id, now)], "webhooks.fan-out")
            committed_at_s[0] = time.monotonic()
        return bool(receiver.events)

    dispatch(until)

    assert receiver.events[0].at_s - committed_at_s[0] < 0.2
