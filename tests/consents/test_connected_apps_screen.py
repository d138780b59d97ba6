"""The dashboard of connected apps, driven as plain HTML forms."""

from datetime import datetime, timedelta
from typing import Any
from uuid import uuid4

import pytest
from django.test import Client as Browser

from consents import services
from consents.models import Consent
from consents.states import ConsentStatus
from oauth.models import Client, User
from tests.consents.browsing import Forms, sign_in, stand_at, submit, visible
from tests.support.builders import consents as build

pytestmark = [pytest.mark.django_db, pytest.mark.usefixtures("at_now")]

pytestmark = [pytest.mark.django_db, pytest.mark.usefixtures("at_now")]


class TestConnectedApps:
    def test_lists_own_consents_and_ends_one_in_two_actions(
        self, browser: Browser, ada: User, client_of_a_third_party: Client, now: datetime
    ) -> None:
        consent = self.granted(ada, client_of_a_third_party, now)
        sign_in(browser)
        assert "Ledgerly" in visible(browser.get("/connected-apps"))
        question = browser.get(f"/connected-apps/{consent.id}/end")
        answer = submit(browser, question, "end-form")
        assert (answer.status_code, answer.headers["Location"]) == (303, f"/connected-apps/{consent.id}")
        consent.refresh_from_db()
        assert (consent.status, consent.ended_by) == (ConsentStatus.ENDED, "customer")
        after = browser.get(answer.headers["Location"])
        assert "can no longer see your accounts" in visible(after)
        assert "Ended" in visible(after)

    def test_shows_nothing_of_another_customer(
        self, browser: Browser, ada: User, ben: User, client_of_a_third_party: Client, now: datetime
    ) -> None:
        consent = self.granted(ada, client_of_a_third_party, now)
        sign_in(browser, "ben")
        listed = browser.get("/connected-apps")
        assert "Ledgerly" not in visible(listed)
        foreign, unknown = browser.get(f"/connected-apps/{consent.id}"), browser.get(f"/connected-apps/{uuid4()}")
        assert foreign.status_code == unknown.status_code == 404
        assert visible(foreign) == visible(unknown)
        token = Forms(listed.content.decode()).forms["sign-out-form"]["csrfmiddlewaretoken"][0]
        posted = browser.post(f"/connected-apps/{consent.id}/end", {"csrfmiddlewaretoken": token})
        assert posted.status_code == 404
        consent.refresh_from_db()
        assert consent.status == ConsentStatus.AUTHORISED

    def test_shows_payments_and_does_not_offer_to_end_them(
        self, browser: Browser, ada: User, client_of_a_third_party: Client, now: datetime
    ) -> None:
        own = build.FakeDirectory.give(ada.pk)
        consent = build.a_lodged_payment(client=client_of_a_third_party, now=now)
        build.an_answer(consent, client=client_of_a_third_party, customer=ada, account_ids=[own], now=now)
        sign_in(browser)
        page = browser.get(f"/connected-apps/{consent.id}")
        assert "£42.50" in visible(page)
        assert f"/connected-apps/{consent.id}/end" not in page.content.decode()
        assert "cannot be taken back" in visible(browser.get(f"/connected-apps/{consent.id}/end"))

    def test_costs_the_same_few_statements_however_long_the_list(
        self,
        browser: Browser,
        ada: User,
        client_of_a_third_party: Client,
        now: datetime,
        django_assert_max_num_queries: Any,
    ) -> None:
        for _ in range(12):
            self.granted(ada, client_of_a_third_party, now)
        sign_in(browser)
        with django_assert_max_num_queries(6):
            browser.get("/connected-apps")

    @staticmethod
    def granted(customer: User, client: Client, now: datetime) -> Consent:
        own = build.FakeDirectory.give(customer.pk)
        consent = build.a_lodged_account_access(client=client, now=now)
        build.an_answer(consent, client=client, customer=customer, account_ids=[own], now=now)
        consent.refresh_from_db()
        return consent


def test_ending_is_shown_as_expired_before_the_job_has_been_by(
    browser: Browser, ada: User, client_of_a_third_party: Client, now: datetime
) -> None:
    own = build.FakeDirectory.give(ada.pk)
    consent = build.a_lodged_account_access(
        client=client_of_a_third_party, now=now, expires_at=now + timedelta(minutes=1)
    )
    build.an_answer(consent, client=client_of_a_third_party, customer=ada, account_ids=[own], now=now)
    sign_in(browser)
    stand_at(now + timedelta(minutes=2))
    assert "Expired" in visible(browser.get(f"/connected-apps/{consent.id}"))
    assert services.expire_due_consents(now=now + timedelta(minutes=2)) == 1
