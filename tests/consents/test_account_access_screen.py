"""The screen on which a customer shares accounts, driven as plain HTML forms."""

from collections.abc import Sequence
from datetime import datetime, timedelta
from typing import Any
from urllib.parse import parse_qs, urlsplit
from uuid import uuid4

import pytest
from django.test import Client as Browser

from consents.models import Consent
from consents.states import ConsentStatus
from oauth.models import Client, User
from streaming import selectors as log
from tests.consents.browsing import directives, path_of, sign_in, stand_at, submit
from tests.support.builders import consents as build
from tests.support.race import run_inside

pytestmark = [pytest.mark.django_db, pytest.mark.usefixtures("at_now")]

pytestmark = [pytest.mark.django_db, pytest.mark.usefixtures("at_now")]


class TestAccountAccess:
    def test_goes_from_sign_in_to_yes_and_back_with_code_state_and_issuer(
        self, browser: Browser, ada: User, client_of_a_third_party: Client, now: datetime
    ) -> None:
        first, second = (build.FakeDirectory.give(ada.pk) for _ in range(2))
        consent = build.a_lodged_account_access(client=client_of_a_third_party, now=now)
        path = path_of(consent, client_of_a_third_party, now)

        signed_in = sign_in(browser, path=path)
        assert signed_in.headers["Location"] == path
        page = browser.get(path)
        text = page.content.decode()
        assert "Ledgerly wants to see your accounts" in text
        assert "Your balances" in text
        assert "21 February 2027, 14:05 (UK time)" in text
        answer = submit(browser, page, "authorise-form", account_ids=[first.hex], decision="approve")

        assert answer.status_code == 303
        assert answer.headers["Location"].startswith(build.REDIRECT_URI)
        assert parse_qs(urlsplit(answer.headers["Location"]).query).keys() == {"code", "state", "iss"}
        consent.refresh_from_db()
        assert (consent.status, consent.customer_id) == (ConsentStatus.AUTHORISED, ada.pk)
        (authorised,) = log.list_events(consent_id=consent.id, types=["consents.consent.authorised"])
        assert authorised.actor == f"customer:{ada.pk}"
        assert second not in consent.accounts.values_list("account_id", flat=True)

    def test_lets_the_browser_go_back_to_the_third_party_only(
        self, browser: Browser, ada: User, client_of_a_third_party: Client, now: datetime
    ) -> None:
        consent = build.a_lodged_account_access(client=client_of_a_third_party, now=now)
        path = path_of(consent, client_of_a_third_party, now)
        entrance = browser.get(path, follow=True)
        sign_in(browser, path=path)
        page = browser.get(path)
        for shown in (entrance, page):
            policy = directives(shown)
            assert policy["form-action"] == "'self' http://127.0.0.1:9999"
            assert policy["frame-ancestors"] == "'none'"
            assert shown.headers["X-Frame-Options"] == "DENY"
            assert "no-store" in shown.headers["Cache-Control"]
            assert "<script" not in shown.content.decode()
            assert "style=" not in shown.content.decode()
        assert directives(browser.get("/connected-apps"))["form-action"] == "'self'"

    def test_a_no_goes_back_with_access_denied(
        self, browser: Browser, ada: User, client_of_a_third_party: Client, now: datetime
    ) -> None:
        consent, page = self.opened(browser, client_of_a_third_party, now)
        answer = submit(browser, page, "authorise-form", decision="decline")
        assert parse_qs(urlsplit(answer.headers["Location"]).query)["error"] == ["access_denied"]
        consent.refresh_from_db()
        assert consent.status == ConsentStatus.REJECTED

    def test_cancelling_before_sign_in_goes_back_and_leaves_the_consent_waiting(
        self, browser: Browser, client_of_a_third_party: Client, now: datetime
    ) -> None:
        consent = build.a_lodged_account_access(client=client_of_a_third_party, now=now)
        page = browser.get(path_of(consent, client_of_a_third_party, now), follow=True)
        answer = submit(browser, page, "cancel-form")
        assert parse_qs(urlsplit(answer.headers["Location"]).query)["error"] == ["access_denied"]
        consent.refresh_from_db()
        assert consent.status == ConsentStatus.AWAITING_AUTHORISATION

    def test_a_yes_without_an_account_asks_again_and_says_so(
        self, browser: Browser, ada: User, client_of_a_third_party: Client, now: datetime
    ) -> None:
        for _ in range(2):
            build.FakeDirectory.give(ada.pk)
        _, page = self.opened(browser, client_of_a_third_party, now)
        answer = submit(browser, page, "authorise-form", decision="approve")
        assert answer.status_code == 422
        assert "Choose at least one account" in answer.content.decode()

    def test_a_foreign_account_is_refused_and_nothing_is_shared(
        self, browser: Browser, ada: User, client_of_a_third_party: Client, now: datetime
    ) -> None:
        own = build.FakeDirectory.give(ada.pk)
        foreign = build.FakeDirectory.give(build.a_customer().pk)
        consent, page = self.opened(browser, client_of_a_third_party, now)
        answer = submit(browser, page, "authorise-form", account_ids=[own.hex, foreign.hex], decision="approve")
        assert answer.status_code == 403
        consent.refresh_from_db()
        assert consent.status == ConsentStatus.AWAITING_AUTHORISATION

    @pytest.mark.parametrize("given", ["", "x" * 5000, "'; DROP TABLE", "\x00", "a88ebca9-677e-4b49-936b-f2cea258e35"])
    def test_garbage_for_an_account_is_asked_again(
        self, given: str, browser: Browser, ada: User, client_of_a_third_party: Client, now: datetime
    ) -> None:
        build.FakeDirectory.give(ada.pk)
        _, page = self.opened(browser, client_of_a_third_party, now)
        assert submit(browser, page, "authorise-form", account_ids=[given], decision="approve").status_code == 422

    def test_what_a_form_adds_is_ignored(
        self, browser: Browser, ada: User, client_of_a_third_party: Client, now: datetime
    ) -> None:
        own = build.FakeDirectory.give(ada.pk)
        consent, page = self.opened(browser, client_of_a_third_party, now)
        submit(
            browser,
            page,
            "authorise-form",
            account_ids=[own.hex],
            decision="approve",
            scope="accounts payments",
            permissions="ReadPAN",
            redirect_uri="https://evil.example",
            consent_id=uuid4().hex,
        )
        stored = Consent.objects.get(id=consent.id)
        assert (stored.status, stored.permissions) == (ConsentStatus.AUTHORISED, sorted(build.PERMISSIONS))

    def test_is_answered_once_also_by_a_double_click(
        self, browser: Browser, ada: User, client_of_a_third_party: Client, now: datetime
    ) -> None:
        own = build.FakeDirectory.give(ada.pk)
        _, page = self.opened(browser, client_of_a_third_party, now)
        chosen = {"account_ids": [own.hex], "decision": "approve"}
        first = submit(browser, page, "authorise-form", **chosen)
        second = submit(browser, page, "authorise-form", **chosen)
        assert (first.status_code, second.status_code) == (303, 410)

    @pytest.mark.django_db(transaction=True)
    def test_a_button_pressed_twice_at_once_answers_once(
        self,
        browser: Browser,
        ada: User,
        client_of_a_third_party: Client,
        now: datetime,
        monkeypatch: pytest.MonkeyPatch,
    ) -> None:
        own = build.FakeDirectory.give(ada.pk)
        _, page = self.opened(browser, client_of_a_third_party, now)

        def press() -> Any:
            return submit(browser, page, "authorise-form", account_ids=[own.hex], decision="approve")

        answers: Sequence[Any] = run_inside(press, press, at="streaming.outbox.record", monkeypatch=monkeypatch)
        assert [answer.status_code for answer in answers] == [303, 410]

    def test_needs_the_csrf_token_of_its_own_session(
        self, browser: Browser, ada: User, ben: User, client_of_a_third_party: Client, now: datetime
    ) -> None:
        own = build.FakeDirectory.give(ada.pk)
        _, page = self.opened(browser, client_of_a_third_party, now)
        other = Browser(enforce_csrf_checks=True)
        sign_in(other, "ben")
        chosen = {"account_ids": [own.hex], "decision": "approve"}
        assert submit(other, page, "authorise-form", **chosen).status_code == 403
        without = browser.post(page.request["PATH_INFO"], chosen)
        assert without.status_code == 403

    def test_another_customer_is_sent_back_with_access_denied(
        self, browser: Browser, ada: User, ben: User, client_of_a_third_party: Client, now: datetime
    ) -> None:
        own = build.FakeDirectory.give(ada.pk)
        consent = build.a_lodged_account_access(client=client_of_a_third_party, now=now)
        path = path_of(consent, client_of_a_third_party, now)
        build.an_answer(consent, client=client_of_a_third_party, customer=ada, account_ids=[own], now=now)
        sign_in(browser, "ben", path=path)
        answer = browser.get(path)
        assert parse_qs(urlsplit(answer.headers["Location"]).query)["error"] == ["access_denied"]

    def test_an_expired_and_an_unknown_request_say_what_to_do(
        self, browser: Browser, ada: User, client_of_a_third_party: Client, now: datetime
    ) -> None:
        consent = build.a_lodged_account_access(client=client_of_a_third_party, now=now)
        path = path_of(consent, client_of_a_third_party, now)
        sign_in(browser)
        assert browser.get(f"/authorise/{uuid4()}").status_code == 404
        for minutes in (4, 8, 12):
            stand_at(now + timedelta(minutes=minutes))
            browser.get("/connected-apps")
        over = browser.get(path)
        assert over.status_code == 410
        assert "start again" in over.content.decode()

    def test_a_renewed_sign_in_keeps_the_request_alive(
        self, browser: Browser, ada: User, client_of_a_third_party: Client, now: datetime
    ) -> None:
        consent = build.a_lodged_account_access(client=client_of_a_third_party, now=now)
        path = path_of(consent, client_of_a_third_party, now)
        sign_in(browser, path=path)
        stand_at(now + timedelta(minutes=6))
        assert sign_in(browser, path=path).headers["Location"] == path
        assert browser.get(path).status_code == 200

    @staticmethod
    def opened(browser: Browser, client: Client, now: datetime) -> tuple[Consent, Any]:
        consent = build.a_lodged_account_access(client=client, now=now)
        path = path_of(consent, client, now)
        sign_in(browser, path=path)
        return consent, browser.get(path)
