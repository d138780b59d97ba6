"""Two answers at once: one counts, the other is refused."""

from datetime import datetime
from typing import Any

import pytest

from consents import services
from consents.states import ConsentStatus
from kernel.states import IllegalTransition
from oauth.errors import PushedRequestOver
from streaming import selectors as log
from tests.support.builders import consents as build
from tests.support.race import run_inside

pytestmark = pytest.mark.django_db(transaction=True)


@pytest.fixture
def asked(now: datetime) -> dict[str, Any]:
    client, customer = build.a_client(now=now), build.a_customer()
    account_id = build.FakeDirectory.give(customer.pk)
    consent = build.a_lodged_account_access(client=client, now=now)
    request_ids = [build.a_request(consent, client=client, now=now) for _ in range(2)]
    return {"consent": consent, "customer": customer, "account_id": account_id, "request_ids": request_ids}


def _yes(asked: dict[str, Any], now: datetime, request: int = 0) -> Any:
    return services.authorise_account_access(
        request_id=asked["request_ids"][request],
        customer_id=asked["customer"].pk,
        account_ids=[asked["account_id"]],
        acr=build.ACR,
        auth_time=now,
        now=now,
    )


def _told(asked: dict[str, Any]) -> list[str]:
    kept = log.list_events(consent_id=asked["consent"].id)
    return [event.type for event in kept if event.type != "consents.consent.lodged"]


def test_a_no_that_arrives_during_a_yes_is_refused(
    asked: dict[str, Any], now: datetime, monkeypatch: pytest.MonkeyPatch
) -> None:
    yes, no = run_inside(
        lambda: _yes(asked, now),
        lambda: services.reject_consent(request_id=asked["request_ids"][1], customer_id=asked["customer"].pk, now=now),
        at="streaming.outbox.record",
        monkeypatch=monkeypatch,
    )

    assert isinstance(yes, str)
    assert isinstance(no, IllegalTransition)
    assert _told(asked) == ["oauth.authorization.granted", "consents.consent.authorised"]


def test_a_yes_that_arrives_twice_counts_once(
    asked: dict[str, Any], now: datetime, monkeypatch: pytest.MonkeyPatch
) -> None:
    first, second = run_inside(
        lambda: _yes(asked, now), lambda: _yes(asked, now), at="streaming.outbox.record", monkeypatch=monkeypatch
    )

    assert isinstance(first, str)
    assert isinstance(second, IllegalTransition | PushedRequestOver)
    assert _told(asked).count("consents.consent.authorised") == 1


def test_a_payment_consent_is_used_once_of_two_at_once(now: datetime, monkeypatch: pytest.MonkeyPatch) -> None:
    granted = build.a_granted_consent(now=now, kind="single_payment")

    first, second = run_inside(
        lambda: services.use_consent(consent_id=granted.consent.id, now=now),
        lambda: services.use_consent(consent_id=granted.consent.id, now=now),
        at="streaming.outbox.record",
        monkeypatch=monkeypatch,
    )

    assert getattr(first, "status", None) == ConsentStatus.USED
    assert isinstance(second, IllegalTransition)
