"""Who is told of what: all whose live consent covers it, in one gapless order each."""

from datetime import timedelta
from uuid import uuid4

import pytest

from tests.support.builders.oauth import a_third_party
from tests.support.builders.webhooks import a_caller, an_endpoint, news_of_a_balance, news_of_a_consent, tell
from tests.webhooks.conftest import end, give_consent
from webhooks import services
from webhooks.fanout import fan_out
from webhooks.models import Delivery, Notification
from webhooks.public_events import News

pytestmark = pytest.mark.django_db


def told(third_party):
    return list(
        Notification.objects.filter(third_party_id=third_party.id).order_by("position").values_list("type", flat=True)
    )


def test_a_third_party_whose_live_consent_covers_the_account_is_told(third_party, consent, account_id, now):
    an_endpoint(third_party.id, now=now)

    tell([news_of_a_balance(account_id, now=now)], now=now)

    notification = Notification.objects.get()
    assert notification.consent_ids == [consent.id]
    assert notification.body == {"account_id": account_id.hex, "consent_ids": [consent.id.hex]}
    assert Delivery.objects.get().state == "due"


@pytest.mark.parametrize(
    "changes",
    [
        {"permissions": ["ReadAccountsBasic"]},
        {"status": "awaiting_authorisation", "customer": None, "authorised_at": None},
        {"status": "expired", "ended": True},
        {"expired": True},
    ],
    ids=["without the permission", "not authorised", "expired", "past its end, not yet swept"],
)
def test_nobody_is_told_without_a_live_consent_with_the_permission(third_party, account_id, now, changes):
    an_endpoint(third_party.id, now=now)
    changes = dict(changes)
    if changes.pop("ended", False):
        changes["ended_at"] = now
    if changes.pop("expired", False):
        changes["expires_at"] = now
    give_consent(third_party, account_id, now=now, **changes)

    tell([news_of_a_balance(account_id, now=now)], now=now)

    assert told(third_party) == []


def test_another_account_is_nobodys_business(third_party, consent, now):
    an_endpoint(third_party.id, now=now)

    tell([news_of_a_balance(uuid4(), now=now)], now=now)

    assert told(third_party) == []


def test_two_consents_of_one_third_party_are_one_notification(third_party, consent, account_id, now):
    another = give_consent(third_party, account_id, now=now)
    an_endpoint(third_party.id, now=now)

    tell([news_of_a_balance(account_id, now=now)], now=now)

    assert set(Notification.objects.get().consent_ids) == {consent.id, another.id}


def test_a_transaction_outside_the_consents_window_is_not_told(third_party, account_id, now):
    an_endpoint(third_party.id, now=now)
    give_consent(third_party, account_id, now=now, transactions_to=now)
    item = news_of_a_balance(account_id, now=now)

    def booked(at):
        news = News(
            resource_id=account_id,
            account_id=account_id,
            any_permission=("ReadTransactionsBasic", "ReadTransactionsDetail"),
            all_permissions=("ReadTransactionsCredits",),
            true_at=at,
            body={},
        )
        return type(item)(event_id=uuid4(), type="transaction.booked", occurred_at=now, news=news)

    tell([booked(now)], now=now)
    assert told(third_party) == []

    tell([booked(now - timedelta(seconds=1))], now=now)
    assert told(third_party) == ["transaction.booked"]


def test_the_end_of_a_consent_is_told_though_the_consent_is_no_longer_live(third_party, consent, now):
    an_endpoint(third_party.id, now=now)
    end(consent, now=now)

    tell([news_of_a_consent(third_party.id, consent.id, now=now)], now=now)

    assert told(third_party) == ["consent.ended"]


def test_positions_have_no_gaps_and_sequences_count_per_resource(third_party, consent, account_id, now):
    another_account = uuid4()
    give_consent(third_party, another_account, now=now)
    an_endpoint(third_party.id, now=now)

    for _ in range(3):
        tell([news_of_a_balance(each, now=now) for each in (account_id, another_account, account_id)], now=now)

    assert list(Notification.objects.order_by("position").values_list("position", flat=True)) == list(range(1, 10))
    sequences = list(Delivery.objects.order_by("id").values_list("sequence", flat=True))
    assert sequences == [1, 1, 2, 3, 2, 4, 5, 3, 6]


def test_an_event_that_comes_again_is_told_once(third_party, consent, account_id, now):
    an_endpoint(third_party.id, now=now)
    item = news_of_a_balance(account_id, now=now)

    tell([item], now=now)
    tell([item, news_of_a_balance(account_id, now=now)], now=now)

    assert list(Notification.objects.order_by("position").values_list("position", flat=True)) == [1, 2]
    assert Delivery.objects.count() == 2


def test_each_endpoint_gets_the_types_it_asked_for(third_party, consent, account_id, now):
    everything = an_endpoint(third_party.id, now=now).endpoint
    an_endpoint(third_party.id, now=now, event_types=["consent.ended"])
    gone = an_endpoint(third_party.id, now=now).endpoint
    services.delete_endpoint(caller=a_caller(third_party.id), endpoint_id=gone.id, now=now)

    tell([news_of_a_balance(account_id, now=now)], now=now)

    assert [delivery.endpoint_id for delivery in Delivery.objects.all()] == [everything.id]


def test_each_third_party_is_told_in_an_order_of_its_own(third_party, consent, account_id, now):
    other = a_third_party(name="Other", now=now)
    give_consent(other, account_id, now=now)
    for each in (third_party, other):
        an_endpoint(each.id, now=now)

    tell([news_of_a_balance(account_id, now=now) for _ in range(3)], now=now)

    for each in (third_party, other):
        mine = Notification.objects.filter(third_party_id=each.id).order_by("position")
        assert list(mine.values_list("position", flat=True)) == [1, 2, 3]


@pytest.mark.django_db(transaction=True)
def test_positions_are_drawn_inside_a_transaction_only(now):
    with pytest.raises(AssertionError):
        fan_out([], now=now)
