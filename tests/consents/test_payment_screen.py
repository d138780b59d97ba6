"""The screen on which a customer approves a payment, driven as plain HTML forms."""

from datetime import datetime
from typing import Any
from urllib.parse import parse_qs, urlsplit

import pytest
from django.test import Client as Browser

from consents.models import Consent
from consents.states import ConsentStatus
from oauth.models import Client, User
from tests.consents.browsing import Forms, path_of, sign_in, submit, visible
from tests.support.builders import consents as build

pytestmark = [pytest.mark.django_db, pytest.mark.usefixtures("at_now")]

pytestmark = [pytest.mark.django_db, pytest.mark.usefixtures("at_now")]


class TestPayment:
    def test_shows_payee_amount_and_currency_and_is_approved_from_one_account(
        self, browser: Browser, ada: User, client_of_a_third_party: Client, now: datetime
    ) -> None:
        own = build.FakeDirectory.give(ada.pk)
        consent, page = self.opened(browser, client_of_a_third_party, now)
        text = page.content.decode()
        for shown in ("Hollin &amp; Sons Ltd", "£42.50", "GBP", "20-05-17", "INV-2041", "Everyday account"):
            assert shown in text
        answer = submit(browser, page, "authorise-form", decision="approve")
        assert "code" in parse_qs(urlsplit(answer.headers["Location"]).query)
        consent.refresh_from_db()
        assert consent.status == ConsentStatus.AUTHORISED
        assert list(consent.accounts.values_list("account_id", flat=True)) == [own]

    def test_what_was_not_shown_is_not_approved(
        self, browser: Browser, ada: User, client_of_a_third_party: Client, now: datetime
    ) -> None:
        build.FakeDirectory.give(ada.pk)
        other = build.a_lodged_payment(client=client_of_a_third_party, now=now, amount_minor=999_999)
        _, page = self.opened(browser, client_of_a_third_party, now)
        mark = Forms(page.content.decode()).forms["authorise-form"]["shown"][0]
        dear = browser.get(path_of(other, client_of_a_third_party, now))
        answer = submit(browser, dear, "authorise-form", decision="approve", shown=mark)
        assert answer.status_code == 403
        other.refresh_from_db()
        assert other.status == ConsentStatus.AWAITING_AUTHORISATION

    def test_only_the_account_that_the_third_party_named_is_offered(
        self, browser: Browser, ada: User, client_of_a_third_party: Client, now: datetime
    ) -> None:
        build.FakeDirectory.give(ada.pk, masked_number="•••• 1111")
        build.FakeDirectory.give(ada.pk, masked_number="•••• 2222")
        _, page = self.opened(
            browser,
            client_of_a_third_party,
            now,
            debtor_scheme="UK.OBIE.SortCodeAccountNumber",
            debtor_identification="09012600002222",
        )
        assert "2222" in visible(page)
        assert "1111" not in visible(page)

    def test_a_no_goes_back_with_access_denied(
        self, browser: Browser, ada: User, client_of_a_third_party: Client, now: datetime
    ) -> None:
        build.FakeDirectory.give(ada.pk)
        consent, page = self.opened(browser, client_of_a_third_party, now)
        answer = submit(browser, page, "authorise-form", decision="decline")
        assert "error=access_denied" in answer.headers["Location"]
        consent.refresh_from_db()
        assert consent.status == ConsentStatus.REJECTED

    @staticmethod
    def opened(browser: Browser, client: Client, now: datetime, **terms: Any) -> tuple[Consent, Any]:
        consent = build.a_lodged_payment(client=client, now=now, **terms)
        path = path_of(consent, client, now)
        sign_in(browser, path=path)
        return consent, browser.get(path)
