"""Ending and expiring: effective at once, told once."""

from datetime import datetime, timedelta

import pytest

from consents import services
from consents.errors import ConsentNotFound, ReasonMissing
from consents.states import ConsentStatus
from kernel.states import IllegalTransition
from oauth.models import AccessToken, Client
from streaming import selectors as log
from tests.support.builders import consents as build

pytestmark = pytest.mark.django_db


def test_ending_a_consent_ends_its_tokens_and_is_told_once(now: datetime) -> None:
    granted = build.a_granted_consent(now=now)
    services.end_consent(consent_id=granted.consent.id, reason="lost my phone", ended_by="staff", now=now)

    granted.consent.refresh_from_db()
    assert (granted.consent.status, granted.consent.ended_by) == (ConsentStatus.ENDED, "staff")
    assert AccessToken.objects.get(consent_id=granted.consent.id).revoked_at == now
    (ended,) = log.list_events(consent_id=granted.consent.id, types=["consents.consent.ended"])
    assert ended.payload["reason"] == "lost my phone"
    with pytest.raises(IllegalTransition):
        services.end_consent(consent_id=granted.consent.id, reason="again", ended_by="staff", now=now)


def test_an_end_needs_a_reason(now: datetime) -> None:
    granted = build.a_granted_consent(now=now)
    with pytest.raises(ReasonMissing):
        services.end_consent(consent_id=granted.consent.id, reason="  ", ended_by="staff", now=now)


def test_a_customer_ends_only_their_own_consent(now: datetime) -> None:
    granted = build.a_granted_consent(now=now)
    with pytest.raises(ConsentNotFound):
        services.end_consent(
            consent_id=granted.consent.id,
            reason="mischief",
            ended_by="customer",
            customer_id=build.a_customer().pk,
            now=now,
        )


def test_consents_expire_at_their_end_and_unanswered_ones_after_a_day(
    client_of_a_third_party: Client, now: datetime
) -> None:
    granted = build.a_granted_consent(now=now, expires_at=now + timedelta(hours=1))
    lasting = build.a_granted_consent(now=now, expires_at=None)
    unanswered = build.a_lodged_account_access(client=client_of_a_third_party, now=now, expires_at=None)

    assert services.expire_due_consents(now=now + timedelta(minutes=59)) == 0
    assert services.expire_due_consents(now=now + timedelta(hours=1)) == 1
    assert services.expire_due_consents(now=now + timedelta(hours=24)) == 1
    assert services.expire_due_consents(now=now + timedelta(hours=48)) == 0

    for consent, status in (
        (granted.consent, ConsentStatus.EXPIRED),
        (lasting.consent, ConsentStatus.AUTHORISED),
        (unanswered, ConsentStatus.EXPIRED),
    ):
        consent.refresh_from_db()
        assert consent.status == status
    assert len(log.list_events(consent_id=granted.consent.id, types=["consents.consent.expired"])) == 1


def test_the_expiry_job_takes_what_it_is_given_and_leaves_the_rest(
    client_of_a_third_party: Client, now: datetime
) -> None:
    for _ in range(3):
        build.a_lodged_account_access(client=client_of_a_third_party, now=now)
    later = now + timedelta(days=2)
    assert [services.expire_due_consents(now=later, limit=2) for _ in range(3)] == [2, 1, 0]
