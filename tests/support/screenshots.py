"""``make screenshots``: pictures of every page that a person sees, taken from a platform that runs for them."""

import shutil
import sys
import tempfile
from collections.abc import Iterator
from pathlib import Path

import django

django.setup()

from playwright.sync_api import Browser, Page, sync_playwright  # noqa: E402 - Django first.

from portal.obctl.client import ThirdPartyClient  # noqa: E402
from tests.support.platform import ROOT, Platform, running_platform  # noqa: E402
from tests.support.waiting import wait_until  # noqa: E402

FOLDER = ROOT / "docs" / "screenshots"
SIZES = {"phone": (390, 844), "desktop": (1280, 900)}
STAFF = ("staff", "a password for pictures only")


def main() -> None:
    """Take every page in both themes at phone and desktop size."""
    chromium = shutil.which("chromium") or shutil.which("chromium-browser")
    if chromium is None:
        sys.exit("There is no Chromium here.")
    with tempfile.TemporaryDirectory() as folder, running_platform(Path(folder), customers=2) as platform:
        _let_staff_in(platform)
        client = platform.register()
        _share_once(platform, client)
        _break_one_record(platform)
        with sync_playwright() as playwright:
            browser = playwright.chromium.launch(executable_path=chromium, args=["--no-sandbox"])
            for theme in ("light", "dark"):
                for size in SIZES:
                    for name, page in _pages(platform, client, browser, theme=theme, size=size):
                        page.screenshot(path=FOLDER / f"{name}-{size}-{theme}.png", full_page=True)
            browser.close()


def _pages(
    platform: Platform, client: ThirdPartyClient, browser: Browser, *, theme: str, size: str
) -> Iterator[tuple[str, Page]]:
    """Walk through the pages; each is yielded when it is there to be seen."""
    width, height = SIZES[size]
    page = browser.new_page(
        viewport={"width": width, "height": height},
        color_scheme=theme,
    )
    page.goto(platform.base_url)
    yield "home", page
    yield from _customer_pages(platform, client, page)
    yield from _staff_pages(platform, page)
    page.close()


def _customer_pages(platform: Platform, client: ThirdPartyClient, page: Page) -> Iterator[tuple[str, Page]]:
    page.goto(client.push(client.lodge_account_consent()).url)
    yield "sign-in", page
    page.fill("#sign-in-form [name=username]", "psu.happy")
    page.fill("#sign-in-form [name=password]", platform.customers["psu.happy"])
    page.click("#sign-in-form [type=submit]")
    yield "authorise-accounts", page
    page.goto(client.push(client.lodge_payment_consent(amount="12.50")).url)
    yield "authorise-payment", page
    page.goto(f"{platform.base_url}/connected-apps")
    yield "connected-apps", page
    page.click("main a[href^='/connected-apps/']")
    yield "connected-app", page
    page.goto(f"{page.url.rstrip('/')}/end")
    yield "end-connected-app", page
    page.goto(f"{platform.base_url}/nothing-here")
    yield "not-found", page


def _staff_pages(platform: Platform, page: Page) -> Iterator[tuple[str, Page]]:
    page.context.clear_cookies()
    page.goto(f"{platform.base_url}/admin/")
    yield "staff-sign-in", page
    page.fill("[name=username]", STAFF[0])
    page.fill("[name=password]", STAFF[1])
    page.click("main [type=submit], #login-form [type=submit]")
    yield "staff-home", page
    for name, path in {
        "staff-consents": "consents/consent/",
        "staff-third-parties": "oauth/thirdparty/",
        "staff-payments": "payments/payment/",
        "staff-events": "streaming/storedevent/",
        "staff-groups": "streaming/groupstate/",
        "staff-group": "streaming/groupstate/accounts.balances/change/",
        "staff-event-types": "streaming/eventtype/",
        "staff-event-type": "streaming/eventtype/payments.payment.submitted/change/",
        "staff-letters": "streaming/deadletter/",
        "staff-parked-keys": "streaming/parkedkey/",
    }.items():
        page.goto(f"{platform.base_url}/admin/{path}")
        yield name, page
    for name, path in {"staff-consent": "consents/consent/", "staff-letter": "streaming/deadletter/"}.items():
        page.goto(f"{platform.base_url}/admin/{path}")
        page.click("#result_list th a")
        yield name, page


def _let_staff_in(platform: Platform) -> None:
    platform.run(
        "-c",
        "import django; django.setup(); from oauth.services import put_staff_member; put_staff_member("
        f"username={STAFF[0]!r}, full_name='Sam Staff', password={STAFF[1]!r},"
        " groups=['support', 'compliance', 'operator', 'auditor'])",
    )


def _share_once(platform: Platform, client: ThirdPartyClient) -> None:
    """Give the lists something to show: access to accounts, and a payment that was made."""
    customer = platform.customer("psu.happy")
    for granted in (client.lodge_account_consent(), client.lodge_payment_consent(amount="4.20")):
        request = client.push(granted)
        client.exchange(request, client.authorise(request, customer))
    client.pay()


def _break_one_record(platform: Platform) -> None:
    """Give staff a dead letter to look at, with its key parked."""
    platform.run("-c", _BREAK_ONE_RECORD)
    wait_until(lambda: "poison" in platform.run("-c", _LIST_LETTERS), "the broken record is no dead letter")


_BREAK_ONE_RECORD = """
import django; django.setup()
from bankcore.events import BalanceChanged
from streaming import kafka
from streaming.topics import topic_name
producer = kafka.new_producer()
headers = {"ce_id": "01a22f03-3b7e-7c55-9d0e-4f1f6a0b8c11", "ce_type": BalanceChanged.name, "ce_subject": "of-nobody"}
headers["aggregate-version"] = "1"
producer.produce(topic_name(BalanceChanged.topic), b'{"booked_minor": "much"}', "of-nobody", headers=headers)
producer.flush(10)
"""

_LIST_LETTERS = """
import django; django.setup()
from streaming.models import DeadLetter
print(*DeadLetter.objects.values_list("state", flat=True))
"""


if __name__ == "__main__":
    main()
