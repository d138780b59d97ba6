"""The screens in a real browser: no policy violated, no sideways scrolling, and a way back that is not blocked."""

import os
import shutil
import threading
from collections.abc import Iterator
from datetime import datetime
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any

import pytest
from django.conf import settings as django_settings
from playwright.sync_api import Browser, Page, sync_playwright

from consents.models import Consent
from kernel import clock
from kernel.identifiers import entity_id
from oauth.services import get_or_create_customer
from tests.support.builders import consents as build
from tests.support.builders.consents import FakeSignIn

CHROMIUM = shutil.which("chromium") or shutil.which("chromium-browser") or shutil.which("google-chrome")

pytestmark = [pytest.mark.browser, pytest.mark.django_db(transaction=True)]

SIZES = [(320, 640), (390, 844), (1280, 900)]


@pytest.fixture(scope="module")
def chromium() -> Iterator[Browser]:
    if CHROMIUM is None:
        if os.environ.get("REQUIRE_BROWSER"):
            pytest.fail("REQUIRE_BROWSER is set, and there is no Chromium here")
        pytest.skip("there is no Chromium here")
    before = os.environ.get("DJANGO_ALLOW_ASYNC_UNSAFE")
    os.environ["DJANGO_ALLOW_ASYNC_UNSAFE"] = "1"  # Playwright keeps an event loop in this thread.
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=CHROMIUM, args=["--no-sandbox"])
        yield browser
        browser.close()
    if before is None:
        del os.environ["DJANGO_ALLOW_ASYNC_UNSAFE"]


class _Callback(BaseHTTPRequestHandler):
    def do_GET(self) -> None:
        self.send_response(200)
        self.end_headers()
        self.wfile.write(b"Welcome back")

    def log_message(self, *_: Any) -> None:
        """Say nothing."""


@pytest.fixture(scope="module")
def third_party() -> Iterator[str]:
    """The address at which the third party waits for its customer."""
    server = ThreadingHTTPServer(("127.0.0.1", 0), _Callback)
    thread = threading.Thread(target=server.serve_forever)
    thread.start()
    yield f"http://127.0.0.1:{server.server_port}/callback"
    server.shutdown()
    thread.join()
    server.server_close()


@pytest.fixture
def asked(third_party: str) -> dict[str, Any]:
    """A customer with two accounts, before a request for access and one for a payment."""
    now: datetime = clock.now()
    party_id = entity_id(django_settings.INSTITUTION, "party", "ada")
    customer = get_or_create_customer(party_id=party_id, username="ada", full_name="Ada Marsh")
    account_id = build.FakeDirectory.give(customer.pk)
    build.FakeDirectory.give(customer.pk, name="A savings account with a rather long name of its own")
    client = build.a_client(now=now, redirect_uri=third_party)
    access = build.a_lodged_account_access(client=client, now=now)
    payment = build.a_lodged_payment(client=client, now=now)
    return {
        "consent": access,
        "account_id": account_id,
        "access": f"/authorise/{build.a_request(access, client=client, now=now)}",
        "payment": f"/authorise/{build.a_request(payment, client=client, now=now)}",
    }


@pytest.mark.parametrize("size", SIZES, ids=lambda size: f"{size[0]}px")
@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_a_customer_says_yes_on_any_screen_and_is_back_at_the_third_party(
    chromium: Browser, live_server: Any, asked: dict[str, Any], third_party: str, size: tuple[int, int], scheme: Any
) -> None:
    context = chromium.new_context(viewport={"width": size[0], "height": size[1]}, color_scheme=scheme)
    page = context.new_page()
    complaints: list[str] = []
    page.on("console", lambda message: complaints.append(message.text) if "Policy" in message.text else None)

    page.goto(live_server.url + asked["access"])
    _fits(page)
    page.fill("#id_username", "ada")
    page.fill("#id_password", FakeSignIn.PASSWORD)
    page.click("#sign-in")
    _fits(page)
    page.goto(live_server.url + asked["payment"])
    _fits(page)
    page.goto(live_server.url + asked["access"])
    page.check(f"#account-{asked['account_id'].hex}")
    page.click("#approve")
    page.wait_for_url(f"{third_party}?*")

    assert "code=" in page.url
    page.goto(live_server.url + "/connected-apps")
    _fits(page)
    page.click("text=End access")
    page.click("#end")
    _fits(page)
    assert complaints == []
    assert Consent.objects.get(id=asked["consent"].id).status == "ended"
    context.close()


def test_the_screens_are_used_with_the_keyboard_alone(
    chromium: Browser, live_server: Any, asked: dict[str, Any], third_party: str
) -> None:
    page = chromium.new_page()
    page.goto(live_server.url + asked["access"])
    page.focus("#id_username")
    page.keyboard.type("ada")
    page.keyboard.press("Tab")
    page.keyboard.type(FakeSignIn.PASSWORD)
    page.keyboard.press("Enter")
    page.wait_for_selector("#authorise-form")
    page.focus(f"#account-{asked['account_id'].hex}")
    page.keyboard.press("Space")
    for _ in range(5):
        page.keyboard.press("Tab")
        if page.evaluate("document.activeElement.id") == "approve":
            break
    outline = page.evaluate("getComputedStyle(document.activeElement).outlineWidth")
    page.keyboard.press("Enter")
    page.wait_for_url(f"{third_party}?*")
    assert outline == "3px"
    page.close()


def _fits(page: Page) -> None:
    """Nothing is wider than the window."""
    assert page.evaluate("document.documentElement.scrollWidth <= document.documentElement.clientWidth"), page.url
