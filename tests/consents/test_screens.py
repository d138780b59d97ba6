"""The customer's screens, driven as plain HTML forms."""

from collections.abc import Sequence
from datetime import datetime, timedelta
from html.parser import HTMLParser
from typing import Any
from urllib.parse import parse_qs, urlsplit
from uuid import uuid4

import pytest
from django.conf import settings as django_settings
from django.test import Client as Browser
from django.urls import reverse

from consents import services
from consents.models import Consent
from consents.states import ConsentStatus
from kernel import clock
from kernel.identifiers import entity_id
from oauth.models import Client, User
from streaming import selectors as log
from tests.consents.conftest import FakeSignIn
from tests.support.builders import consents as build
from tests.support.race import run_inside

pytestmark = [pytest.mark.django_db, pytest.mark.usefixtures("at_now")]


class Forms(HTMLParser):
    """The forms of a page by their id, with what a browser would send."""

    def __init__(self, page: str) -> None:
        super().__init__()
        self.forms: dict[str, dict[str, list[str]]] = {}
        self.actions: dict[str, str] = {}
        self._form = ""
        self.feed(page)

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        found = dict(attrs)
        if tag == "form":
            self._form = found["id"] or ""
            self.forms[self._form], self.actions[self._form] = {}, found["action"] or ""
        is_sent = found.get("type") not in {"checkbox", "radio", "submit"} or "checked" in found
        if tag == "input" and is_sent:
            self.forms[self._form].setdefault(found["name"] or "", []).append(found.get("value") or "")


def submit(browser: Browser, page: Any, form: str, **fields: Any) -> Any:
    found = Forms(page.content.decode())
    return browser.post(found.actions[form], {**found.forms[form], **fields})


@pytest.fixture
def browser() -> Browser:
    return Browser(enforce_csrf_checks=True)


@pytest.fixture
def ada() -> User:
    return _customer("ada", "Ada Marsh")


@pytest.fixture
def ben() -> User:
    return _customer("ben", "Ben Okoro")


def _customer(username: str, full_name: str) -> User:
    from oauth.services import get_or_create_customer

    party_id = entity_id(django_settings.INSTITUTION, "party", username)
    return get_or_create_customer(party_id=party_id, username=username, full_name=full_name)


def sign_in(browser: Browser, username: str = "ada", *, path: str = "/connected-apps") -> Any:
    page = browser.get(path, follow=True)
    return submit(browser, page, "sign-in-form", username=username, password=FakeSignIn.PASSWORD)


class TestSignIn:
    def test_leads_on_to_where_the_customer_was_going(self, browser: Browser) -> None:
        answer = sign_in(browser, path="/connected-apps")
        assert (answer.status_code, answer.headers["Location"]) == (303, "/connected-apps")

    def test_answers_an_unknown_name_and_a_wrong_password_alike(self, browser: Browser) -> None:
        page = browser.get("/sign-in")
        wrong = submit(browser, page, "sign-in-form", username="ada", password="wrong")
        unknown = submit(browser, page, "sign-in-form", username="eve", password="wrong")
        assert wrong.status_code == unknown.status_code == 422
        assert visible(wrong).replace("ada", "eve") == visible(unknown)

    def test_changes_the_session_id_and_the_csrf_token(self, browser: Browser) -> None:
        browser.get("/sign-in")
        browser.cookies["session"] = "chosen-by-an-attacker-aaaaaaaaaaa"
        sign_in(browser)
        assert browser.cookies["session"].value != "chosen-by-an-attacker-aaaaaaaaaaa"

    @pytest.mark.parametrize(
        "target",
        ["https://evil.example/", "//evil.example", "/\\evil.example", "javascript:alert(1)", "", "\t//evil.example"],
    )
    def test_never_leads_to_another_site(self, target: str, browser: Browser) -> None:
        page = browser.get("/sign-in", {"next": target})
        answer = submit(browser, page, "sign-in-form", username="ada", password=FakeSignIn.PASSWORD, next=target)
        assert answer.headers["Location"] == "/connected-apps"

    def test_waits_after_five_failures_whether_or_not_the_name_exists(self, browser: Browser) -> None:
        page = browser.get("/sign-in")
        for name in ("ada", "eve"):
            for _ in range(5):
                submit(browser, page, "sign-in-form", username=name, password="wrong")
            answer = submit(browser, page, "sign-in-form", username=name, password=FakeSignIn.PASSWORD)
            assert answer.status_code == 429

    def test_is_refused_without_a_csrf_token(self, browser: Browser) -> None:
        answer = browser.post("/sign-in", {"username": "ada", "password": FakeSignIn.PASSWORD})
        assert answer.status_code == 403

    def test_says_that_a_sandbox_takes_a_password(self, browser: Browser) -> None:
        assert b"This is a sandbox" in browser.get("/sign-in").content

    def test_ends_after_five_idle_minutes_and_keeps_the_way_back(self, browser: Browser, now: datetime) -> None:
        sign_in(browser)
        assert browser.get("/connected-apps").status_code == 200
        stand_at(now + timedelta(minutes=5, seconds=5))
        answer = browser.get("/connected-apps")
        assert (answer.status_code, answer.headers["Location"]) == (303, "/sign-in?next=%2Fconnected-apps")

    def test_ends_by_signing_out(self, browser: Browser) -> None:
        sign_in(browser)
        submit(browser, browser.get("/connected-apps"), "sign-out-form")
        assert browser.get("/connected-apps").status_code == 303


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


def path_of(consent: Consent, client: Client, now: datetime) -> str:
    return reverse("consents:authorise", kwargs={"request_id": build.a_request(consent, client=client, now=now)})


def directives(page: Any) -> dict[str, str]:
    policy = page.headers["Content-Security-Policy"]
    return {name: value for name, _, value in (part.strip().partition(" ") for part in policy.split(";"))}


def visible(page: Any) -> str:
    """Return a page without its forms' tokens and its reference id, which differ each time."""
    import re

    text = re.sub(r'name="csrfmiddlewaretoken" value="[^"]+"', "", page.content.decode())
    return re.sub(r"<code>[0-9a-f-]{36}</code>", "", text)


def stand_at(moment: datetime) -> None:
    """Let the platform's clock stand near a moment."""
    from datetime import UTC

    offset = moment - datetime.now(UTC)
    clock.shift_by(lambda: offset)
