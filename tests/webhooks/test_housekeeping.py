"""What was told is kept for thirty days, and the address guard is opened in a sandbox only."""

from datetime import UTC, datetime, timedelta

import pytest

from tests.support.builders.webhooks import an_endpoint, news_of_a_balance, tell
from webhooks.checks import check_networks
from webhooks.models import Delivery, Notification
from webhooks.tasks import delete_old


@pytest.mark.django_db
def test_what_is_older_than_thirty_days_is_deleted_and_the_rest_stays(third_party, consent, account_id, now):
    an_endpoint(third_party.id, now=now)
    for _ in range(2):
        tell([news_of_a_balance(account_id, now=now)], now=now)
    old, new = Notification.objects.order_by("position")
    long_ago = datetime.now(UTC) - timedelta(days=31)
    Notification.objects.filter(id=old.id).update(recorded_at=long_ago)
    Delivery.objects.filter(event_id=old.event_id).update(created_at=long_ago)

    assert delete_old() == 2
    assert list(Notification.objects.values_list("event_id", flat=True)) == [new.event_id]
    assert list(Delivery.objects.values_list("event_id", flat=True)) == [new.event_id]


def test_an_opened_guard_outside_the_sandbox_is_refused_at_start_up(settings):
    settings.WEBHOOKS_TEST_NETWORKS = ("127.0.0.0/8",)

    settings.SANDBOX = True
    assert check_networks() == []
    settings.SANDBOX = False
    assert [error.id for error in check_networks()] == ["webhooks.E002"]


def test_a_network_that_cannot_be_read_is_refused_at_start_up(settings):
    settings.WEBHOOKS_DENY_NETWORKS = ("10.0.0.1/8",)

    assert [error.id for error in check_networks()] == ["webhooks.E001"]
