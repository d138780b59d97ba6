"""Two consumers at once: positions are committed in their order, without gaps."""

import pytest
from django.db import transaction

from kernel import clock
from tests.support.builders.webhooks import an_endpoint, news_of_a_balance
from tests.support.race import run_inside
from webhooks.fanout import fan_out
from webhooks.models import Notification

pytestmark = pytest.mark.django_db(transaction=True)


def _told(account_id, now, *, count, fails=False):
    with transaction.atomic():
        fan_out([news_of_a_balance(account_id, now=now) for _ in range(count)], now=now)
        clock.now()
        if fails:
            raise ZeroDivisionError


@pytest.mark.parametrize("fails", [False, True], ids=["both commit", "the first one rolls back"])
def test_the_second_waits_for_the_first_ones_positions(third_party, consent, account_id, now, monkeypatch, fails):
    an_endpoint(third_party.id, now=now)
    _told(account_id, now, count=1)

    run_inside(
        lambda: _told(account_id, now, count=2, fails=fails),
        lambda: _told(account_id, now, count=3),
        at="kernel.clock.now",
        monkeypatch=monkeypatch,
    )

    positions = list(Notification.objects.order_by("position").values_list("position", flat=True))
    assert positions == list(range(1, 5 if fails else 7))
