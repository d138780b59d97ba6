"""Third parties ask; the same key and body ask once."""

from datetime import datetime, timedelta

import pytest

from consents import selectors, services
from consents.errors import AlreadyLapsed, ConsentNotFound, InvalidPermissions
from consents.models import Consent
from consents.states import ConsentKind
from edge.idempotency import KeyReused
from oauth.models import Client
from streaming import selectors as log
from tests.support.builders import consents as build

pytestmark = pytest.mark.django_db


def test_a_lodged_consent_waits_and_is_recorded(client_of_a_third_party: Client, now: datetime) -> None:
    consent = build.a_lodged_account_access(client=client_of_a_third_party, now=now)
    assert (consent.status, consent.customer_id) == ("awaiting_authorisation", None)
    assert [event.type for event in log.list_events(consent_id=consent.id)] == ["consents.consent.lodged"]


def test_a_consent_without_permissions_is_refused(client_of_a_third_party: Client, now: datetime) -> None:
    with pytest.raises(InvalidPermissions):
        build.a_lodged_account_access(client=client_of_a_third_party, now=now, permissions=())


def test_a_consent_that_ends_before_it_begins_is_refused(client_of_a_third_party: Client, now: datetime) -> None:
    with pytest.raises(AlreadyLapsed):
        build.a_lodged_account_access(client=client_of_a_third_party, now=now, expires_at=now)


def test_the_same_key_and_body_give_the_same_payment_consent(client_of_a_third_party: Client, now: datetime) -> None:
    first = build.a_lodged_payment(client=client_of_a_third_party, now=now, key="k")
    second = build.a_lodged_payment(client=client_of_a_third_party, now=now + timedelta(minutes=1), key="k")
    assert first.id == second.id
    assert second.terms.amount_minor == first.terms.amount_minor
    assert len(log.list_events(consent_id=first.id)) == 1


def test_the_same_key_with_another_body_is_refused_and_alters_nothing(
    client_of_a_third_party: Client, now: datetime
) -> None:
    build.a_lodged_payment(client=client_of_a_third_party, now=now, key="k")
    with pytest.raises(KeyReused):
        build.a_lodged_payment(client=client_of_a_third_party, now=now, key="k", amount_minor=1)
    assert Consent.objects.count() == 1


def test_the_key_of_another_third_party_is_another_key(client_of_a_third_party: Client, now: datetime) -> None:
    other = build.a_client(now=now, name="Other")
    first = build.a_lodged_payment(client=client_of_a_third_party, now=now, key="k")
    assert build.a_lodged_payment(client=other, now=now, key="k").id != first.id


class TestReadByTheThirdParty:
    def test_a_foreign_consent_is_as_unknown_as_one_of_another_kind_or_a_deleted_one(
        self, client_of_a_third_party: Client, now: datetime
    ) -> None:
        own = build.a_caller(client_of_a_third_party)
        other = build.a_caller(build.a_client(now=now, name="Other"))
        consent = build.a_lodged_account_access(client=client_of_a_third_party, now=now)
        kind = ConsentKind.ACCOUNT_ACCESS
        assert selectors.get_consent_for_third_party(caller=own, consent_id=consent.id, kind=kind) == consent
        with pytest.raises(ConsentNotFound):
            selectors.get_consent_for_third_party(caller=other, consent_id=consent.id, kind=kind)
        with pytest.raises(ConsentNotFound):
            selectors.get_consent_for_third_party(caller=own, consent_id=consent.id, kind=ConsentKind.SINGLE_PAYMENT)
        services.end_consent(consent_id=consent.id, reason="no longer needed", ended_by="third_party", now=now)
        with pytest.raises(ConsentNotFound):
            selectors.get_consent_for_third_party(caller=own, consent_id=consent.id, kind=kind)
