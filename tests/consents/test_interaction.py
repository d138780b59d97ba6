"""What the authorisation server is told about consents."""

from datetime import datetime, timedelta
from typing import Any
from uuid import uuid4

import pytest

from consents import services
from consents.interaction import ConsentInteraction
from oauth.errors import InvalidAuthorizationDetails
from oauth.models import Client
from tests.support.builders import consents as build

pytestmark = pytest.mark.django_db

INTERACTION = ConsentInteraction()


def resolve(client: Client, now: datetime, *details: Any, scope: str = "accounts") -> Any:
    return INTERACTION.resolve(client=client, details=details, scopes=frozenset({scope}), now=now)


def test_an_element_names_the_clients_own_waiting_consent(client_of_a_third_party: Client, now: datetime) -> None:
    consent = build.a_lodged_account_access(client=client_of_a_third_party, now=now)
    for written in (consent.id.hex, str(consent.id)):
        element = {"type": "account_access", "consent_id": written}
        assert resolve(client_of_a_third_party, now, element) == consent.id


def test_whatever_else_is_refused_alike(client_of_a_third_party: Client, now: datetime) -> None:
    consent = build.a_lodged_account_access(client=client_of_a_third_party, now=now)
    foreign = build.a_lodged_account_access(client=build.a_client(now=now, name="Other"), now=now)
    over = build.a_lodged_account_access(client=client_of_a_third_party, now=now)
    services.end_consent(consent_id=over.id, reason="not needed", ended_by="third_party", now=now)
    good = {"type": "account_access", "consent_id": consent.id.hex}
    refused: list[tuple[Any, ...]] = [
        (),
        (good, good),
        ({**good, "more": 1},),
        ({"type": "account_access"},),
        ({**good, "type": "vrp"},),
        ({**good, "type": "single_payment"},),
        ({**good, "type": ["account_access"]},),
        ({**good, "consent_id": 5},),
        ({**good, "consent_id": "nonsense"},),
        ({**good, "consent_id": uuid4().hex},),
        ({**good, "consent_id": foreign.id.hex},),
        ({**good, "consent_id": over.id.hex},),
        ("text",),
    ]
    for details in refused:
        with pytest.raises(InvalidAuthorizationDetails):
            resolve(client_of_a_third_party, now, *details)
    with pytest.raises(InvalidAuthorizationDetails):
        resolve(client_of_a_third_party, now, good, scope="payments")
    with pytest.raises(InvalidAuthorizationDetails):
        resolve(client_of_a_third_party, now + timedelta(days=90), good)


def test_tokens_are_issued_only_under_a_live_authorised_consent(client_of_a_third_party: Client, now: datetime) -> None:
    waiting = build.a_lodged_account_access(client=client_of_a_third_party, now=now)
    granted = build.a_granted_consent(now=now, expires_at=now + timedelta(hours=1))
    assert not INTERACTION.may_issue(consent_id=waiting.id, now=now)
    assert not INTERACTION.may_issue(consent_id=uuid4(), now=now)
    assert INTERACTION.may_issue(consent_id=granted.consent.id, now=now)
    assert not INTERACTION.may_issue(consent_id=granted.consent.id, now=now + timedelta(hours=1))
    services.end_consent(consent_id=granted.consent.id, reason="not needed", ended_by="customer", now=now)
    assert not INTERACTION.may_issue(consent_id=granted.consent.id, now=now)


def test_the_screens_begin_at_the_request(client_of_a_third_party: Client) -> None:
    request_id = uuid4()
    assert INTERACTION.start(request_id=request_id) == f"/authorise/{request_id}"
