"""Signing in and out, driven as plain HTML forms."""

from datetime import datetime, timedelta

import pytest
from django.test import Client as Browser

from tests.consents.browsing import sign_in, stand_at, submit, visible
from tests.support.builders.consents import FakeSignIn

pytestmark = [pytest.mark.django_db, pytest.mark.usefixtures("at_now")]

pytestmark = [pytest.mark.django_db, pytest.mark.usefixtures("at_now")]


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
