"""Every internal event that is told has a thin public body that fits its published schema."""

from dataclasses import fields
from uuid import UUID, uuid4

import jsonschema
import pytest

from accounts.events import BalanceMoved, TransactionBooked
from consents.events import ConsentAuthorised, ConsentEnded, ConsentExpired
from consents.states import ConsentKind, EndedBy
from payments.events import PaymentStatusUpdated
from webhooks.public_events import PUBLIC_EVENTS

SECRETS = ("123456", "654321", "because Ada said so", "ReadBalances")


def _events(now):
    about_consent = {
        "occurred_at": now,
        "consent_id": uuid4(),
        "third_party_id": uuid4(),
        "customer_id": uuid4(),
    }
    account = {"occurred_at": now, "account_id": uuid4(), "currency": "GBP"}
    for kind in ConsentKind:
        yield ConsentAuthorised(**about_consent, kind=kind, account_ids=(uuid4(),), permissions=("ReadBalances",))
        yield ConsentExpired(**about_consent, kind=kind)
    for ended_by in EndedBy:
        yield ConsentEnded(
            **about_consent, kind=ConsentKind.ACCOUNT_ACCESS, ended_by=ended_by, reason="because Ada said so"
        )
    for direction in ("credit", "debit"):
        yield TransactionBooked(
            **account, transaction_id=uuid4(), direction=direction, amount_minor=123456, booked_at=now
        )
    yield BalanceMoved(**account, booked_minor=123456, available_minor=654321, as_of=now)
    for reason_code in ("AM04", None):
        yield PaymentStatusUpdated(**about_consent, payment_id=uuid4(), status="RJCT", reason_code=reason_code)


def test_every_internal_event_is_tried_here(now):
    assert {type(event) for event in _events(now)} == set(PUBLIC_EVENTS)


def test_every_body_fits_its_published_schema_and_holds_no_personal_data(now):
    for event in _events(now):
        public = PUBLIC_EVENTS[type(event)]
        news = public.tell(event)
        body = dict(news.body)
        if news.third_party_id is None:
            body["consent_ids"] = [uuid4().hex]

        jsonschema.validate(body, public.schema)
        assert not any(secret in str(body) for secret in SECRETS)
        if "customer_id" in {field.name for field in fields(event)}:
            assert event.customer_id.hex not in str(body)


@pytest.mark.parametrize(
    ("direction", "permission"), [("credit", "ReadTransactionsCredits"), ("debit", "ReadTransactionsDebits")]
)
def test_a_transaction_is_told_under_the_permission_of_its_direction(now, direction, permission):
    [news] = [
        PUBLIC_EVENTS[TransactionBooked].tell(event)
        for event in _events(now)
        if isinstance(event, TransactionBooked) and event.direction == direction
    ]

    assert news.all_permissions == (permission,)
    assert news.any_permission == ("ReadTransactionsBasic", "ReadTransactionsDetail")


def test_identifiers_are_those_of_the_api(now):
    for event in _events(now):
        for name, value in PUBLIC_EVENTS[type(event)].tell(event).body.items():
            if name.endswith("_id"):
                assert UUID(value).hex == value
