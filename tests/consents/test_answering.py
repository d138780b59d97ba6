"""The customer's yes and no: by whom, for what, once."""

from datetime import datetime, timedelta
from typing import Any
from urllib.parse import parse_qs, urlsplit
from uuid import uuid4

import pytest

from consents import selectors, services
from consents.deadlines import PAYMENT_USE_WITHIN
from consents.errors import AccountNotOwned, NoAccountChosen, NotWhatWasShown, WrongCustomer, WrongKind
from consents.linking import SHOWN_FIELDS, shown_mark
from consents.models import Consent
from consents.states import ConsentStatus
from kernel.states import IllegalTransition
from oauth.errors import PushedRequestOver
from oauth.models import Client, PushedRequest, User
from streaming import selectors as log
from tests.support.builders import consents as build

pytestmark = pytest.mark.django_db


def types_of(consent: Consent) -> list[str]:
    return [event.type for event in reversed(log.list_events(consent_id=consent.id))]


def answer(request_id: Any, customer: User, now: datetime, **choice: Any) -> dict[str, Any]:
    who = {"request_id": request_id, "customer_id": customer.pk, "acr": build.ACR, "auth_time": now, "now": now}
    return {**who, **choice}


def test_a_yes_authorises_consent_issues_code_and_is_recorded(
    client_of_a_third_party: Client, customer: User, now: datetime
) -> None:
    account_id = build.FakeDirectory.give(customer.pk)
    consent = build.a_lodged_account_access(client=client_of_a_third_party, now=now)

    address = build.an_answer(
        consent, client=client_of_a_third_party, customer=customer, account_ids=[account_id], now=now
    )

    returned = parse_qs(urlsplit(address).query)
    assert address.startswith(build.REDIRECT_URI)
    assert returned.keys() == {"code", "state", "iss"}
    consent.refresh_from_db()
    assert (consent.status, consent.customer_id, consent.authorised_at) == (ConsentStatus.AUTHORISED, customer.pk, now)
    assert selectors.list_account_ids(consent_id=consent.id) == [account_id]
    assert types_of(consent) == [
        "consents.consent.lodged",
        "consents.consent.authorised",
        "oauth.authorization.granted",
    ]


def test_a_no_returns_access_denied_and_ends_the_consent(
    client_of_a_third_party: Client, customer: User, now: datetime
) -> None:
    consent = build.a_lodged_account_access(client=client_of_a_third_party, now=now)
    request_id = build.a_request(consent, client=client_of_a_third_party, now=now)

    address = services.reject_consent(request_id=request_id, customer_id=customer.pk, now=now)

    assert parse_qs(urlsplit(address).query)["error"] == ["access_denied"]
    consent.refresh_from_db()
    assert (consent.status, consent.ended_at) == (ConsentStatus.REJECTED, now)
    assert types_of(consent)[-1] == "consents.consent.rejected"


def test_an_account_of_somebody_else_refuses_the_whole_answer(
    client_of_a_third_party: Client, customer: User, now: datetime
) -> None:
    own = build.FakeDirectory.give(customer.pk)
    foreign = build.FakeDirectory.give(build.a_customer().pk)
    consent = build.a_lodged_account_access(client=client_of_a_third_party, now=now)
    request_id = build.a_request(consent, client=client_of_a_third_party, now=now)

    with pytest.raises(AccountNotOwned):
        services.authorise_account_access(**answer(request_id, customer, now, account_ids=[own, foreign]))

    consent.refresh_from_db()
    assert consent.status == ConsentStatus.AWAITING_AUTHORISATION
    assert PushedRequest.objects.get(id=request_id).consumed_at is None


def test_a_yes_to_no_account_is_refused(client_of_a_third_party: Client, customer: User, now: datetime) -> None:
    consent = build.a_lodged_account_access(client=client_of_a_third_party, now=now)
    request_id = build.a_request(consent, client=client_of_a_third_party, now=now)
    with pytest.raises(NoAccountChosen):
        services.authorise_account_access(**answer(request_id, customer, now, account_ids=[]))


def test_a_second_answer_to_the_same_request_is_refused(
    client_of_a_third_party: Client, customer: User, now: datetime
) -> None:
    account_id = build.FakeDirectory.give(customer.pk)
    consent = build.a_lodged_account_access(client=client_of_a_third_party, now=now)
    request_id = build.a_request(consent, client=client_of_a_third_party, now=now)
    services.authorise_account_access(**answer(request_id, customer, now, account_ids=[account_id]))

    with pytest.raises(PushedRequestOver):
        services.authorise_account_access(**answer(request_id, customer, now, account_ids=[account_id]))
    with pytest.raises(PushedRequestOver):
        services.reject_consent(request_id=request_id, customer_id=customer.pk, now=now)


def test_the_first_customer_owns_the_consent(client_of_a_third_party: Client, customer: User, now: datetime) -> None:
    account_id = build.FakeDirectory.give(customer.pk)
    other = build.a_customer(full_name="Ben Okoro")
    others = build.FakeDirectory.give(other.pk)
    consent = build.a_lodged_account_access(client=client_of_a_third_party, now=now)
    second_request = build.a_request(consent, client=client_of_a_third_party, now=now)
    build.an_answer(consent, client=client_of_a_third_party, customer=customer, account_ids=[account_id], now=now)

    with pytest.raises(WrongCustomer):
        services.authorise_account_access(**answer(second_request, other, now, account_ids=[others]))
    with pytest.raises(WrongCustomer):
        services.reject_consent(request_id=second_request, customer_id=other.pk, now=now)
    with pytest.raises(IllegalTransition):
        services.authorise_account_access(**answer(second_request, customer, now, account_ids=[account_id]))


def test_a_consent_whose_time_is_over_cannot_be_authorised(
    client_of_a_third_party: Client, customer: User, now: datetime
) -> None:
    account_id = build.FakeDirectory.give(customer.pk)
    consent = build.a_lodged_account_access(
        client=client_of_a_third_party, now=now, expires_at=now + timedelta(seconds=30)
    )
    request_id = build.a_request(consent, client=client_of_a_third_party, now=now)
    later = now + timedelta(seconds=30)
    with pytest.raises(IllegalTransition):
        services.authorise_account_access(**answer(request_id, customer, later, account_ids=[account_id]))


def test_an_account_access_is_not_approved_as_a_payment(
    client_of_a_third_party: Client, customer: User, now: datetime
) -> None:
    account_id = build.FakeDirectory.give(customer.pk)
    consent = build.a_lodged_account_access(client=client_of_a_third_party, now=now)
    request_id = build.a_request(consent, client=client_of_a_third_party, now=now)
    with pytest.raises(WrongKind):
        services.authorise_single_payment(**answer(request_id, customer, now, account_id=account_id, shown=""))


class TestAPayment:
    def test_is_approved_for_one_account_and_a_short_time(
        self, client_of_a_third_party: Client, customer: User, now: datetime
    ) -> None:
        account_id = build.FakeDirectory.give(customer.pk)
        consent = build.a_lodged_payment(client=client_of_a_third_party, now=now)
        build.an_answer(consent, client=client_of_a_third_party, customer=customer, account_ids=[account_id], now=now)
        consent.refresh_from_db()
        assert consent.status == ConsentStatus.AUTHORISED
        assert consent.expires_at == now + PAYMENT_USE_WITHIN
        assert selectors.list_account_ids(consent_id=consent.id) == [account_id]

    @pytest.mark.parametrize("field", SHOWN_FIELDS)
    def test_needs_the_mark_of_exactly_what_was_shown(
        self, field: str, client_of_a_third_party: Client, customer: User, now: datetime
    ) -> None:
        account_id = build.FakeDirectory.give(customer.pk)
        consent = build.a_lodged_payment(client=client_of_a_third_party, now=now)
        request_id = build.a_request(consent, client=client_of_a_third_party, now=now)
        shown = selectors.get_requested_consent(consent_id=consent.id).terms
        setattr(shown, field, 1 if field == "amount_minor" else "changed")
        mark = shown_mark(terms=shown, customer_id=customer.pk)
        with pytest.raises(NotWhatWasShown):
            services.authorise_single_payment(**answer(request_id, customer, now, account_id=account_id, shown=mark))

    def test_does_not_take_another_customers_mark(
        self, client_of_a_third_party: Client, customer: User, now: datetime
    ) -> None:
        account_id = build.FakeDirectory.give(customer.pk)
        consent = build.a_lodged_payment(client=client_of_a_third_party, now=now)
        request_id = build.a_request(consent, client=client_of_a_third_party, now=now)
        mark = shown_mark(terms=consent.terms, customer_id=uuid4())
        with pytest.raises(NotWhatWasShown):
            services.authorise_single_payment(**answer(request_id, customer, now, account_id=account_id, shown=mark))

    def test_is_paid_from_the_account_that_the_third_party_named(
        self, client_of_a_third_party: Client, customer: User, now: datetime
    ) -> None:
        other = build.FakeDirectory.give(customer.pk, masked_number="•••• 1111")
        named = build.FakeDirectory.give(customer.pk, masked_number="•••• 2222")
        consent = build.a_lodged_payment(
            client=client_of_a_third_party,
            now=now,
            debtor_scheme="UK.OBIE.SortCodeAccountNumber",
            debtor_identification="09012600002222",
        )
        with pytest.raises(AccountNotOwned):
            build.an_answer(consent, client=client_of_a_third_party, customer=customer, account_ids=[other], now=now)
        build.an_answer(consent, client=client_of_a_third_party, customer=customer, account_ids=[named], now=now)

    def test_is_used_once(self, now: datetime) -> None:
        granted = build.a_granted_consent(now=now, kind="single_payment")
        services.use_consent(consent_id=granted.consent.id, now=now)
        with pytest.raises(IllegalTransition):
            services.use_consent(consent_id=granted.consent.id, now=now)
        assert types_of(granted.consent).count("consents.consent.used") == 1

    def test_is_not_used_after_its_hour(self, now: datetime) -> None:
        granted = build.a_granted_consent(now=now, kind="single_payment")
        with pytest.raises(IllegalTransition):
            services.use_consent(consent_id=granted.consent.id, now=now + PAYMENT_USE_WITHIN)

    def test_cannot_be_taken_back(self, now: datetime) -> None:
        granted = build.a_granted_consent(now=now, kind="single_payment")
        with pytest.raises(IllegalTransition):
            services.end_consent(consent_id=granted.consent.id, reason="changed my mind", ended_by="staff", now=now)
