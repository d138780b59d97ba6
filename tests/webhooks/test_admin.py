"""What staff see and may do: no secrets, no payloads, every act with a reason."""

import pytest
from django.urls import reverse

from tests.support.builders.oauth import a_member_of_staff
from tests.support.builders.webhooks import an_endpoint, news_of_a_balance, reload, tell
from tests.support.streams import recorded_events
from webhooks.events import DeliveryReplayed
from webhooks.models import Delivery, EndpointKeys
from webhooks.states import DeliveryState, EndpointStatus

pytestmark = pytest.mark.django_db

REASON = "The third party asked us on the telephone."


@pytest.fixture
def delivery(third_party, consent, account_id, now):
    an_endpoint(third_party.id, now=now)
    tell([news_of_a_balance(account_id, now=now)], now=now)
    Delivery.objects.update(state=DeliveryState.EXHAUSTED, finished_at=now)
    return Delivery.objects.get()


def _sign_in(client, *groups):
    client.force_login(a_member_of_staff(*groups))


def test_staff_see_endpoints_and_deliveries_but_no_secrets(client, delivery):
    _sign_in(client, "operator")
    keys = EndpointKeys.objects.get()

    for model, pk in (("endpoint", delivery.endpoint_id), ("delivery", delivery.pk)):
        for page in (
            client.get(reverse(f"admin:webhooks_{model}_changelist")),
            client.get(reverse(f"admin:webhooks_{model}_change", args=[pk])),
        ):
            assert page.status_code == 200
            assert bytes(keys.sealed_secret).hex() not in page.content.decode()
            assert "whsec_" not in page.content.decode()


def test_staff_of_no_group_see_nothing(client, delivery):
    _sign_in(client)

    assert client.get(reverse("admin:webhooks_delivery_changelist")).status_code in {302, 403}


def test_a_replay_needs_a_reason_that_is_kept(client, delivery):
    _sign_in(client, "operator")
    path = reverse("admin:webhooks_delivery_act", args=[delivery.pk, "replay"])

    client.post(path, {"reason": ""})
    delivery.refresh_from_db()
    assert delivery.state == DeliveryState.EXHAUSTED

    client.post(path, {"reason": REASON})
    delivery.refresh_from_db()
    assert delivery.state == DeliveryState.DUE
    assert [event.reason for event in recorded_events(DeliveryReplayed)] == [REASON]


def test_an_auditor_may_look_but_not_act(client, delivery):
    _sign_in(client, "auditor")

    assert client.get(reverse("admin:webhooks_endpoint_changelist")).status_code == 200
    path = reverse("admin:webhooks_endpoint_act", args=[delivery.endpoint_id, "disable"])
    assert client.post(path, {"reason": REASON}).status_code == 403


def test_an_operator_can_disable_an_endpoint(client, delivery):
    _sign_in(client, "operator")
    path = reverse("admin:webhooks_endpoint_act", args=[delivery.endpoint_id, "disable"])

    client.post(path, {"reason": REASON})

    assert reload(delivery.endpoint).status == EndpointStatus.DISABLED
