"""A customer's browser, as far as plain HTML forms need one."""

from datetime import datetime
from html.parser import HTMLParser
from typing import Any

import pytest
from django.conf import settings as django_settings
from django.test import Client as Browser
from django.urls import reverse

from consents.models import Consent
from kernel import clock
from kernel.identifiers import entity_id
from oauth.models import Client, User
from oauth.services import get_or_create_customer
from tests.support.builders import consents as build
from tests.support.builders.consents import FakeSignIn

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


def a_customer(username: str, full_name: str) -> User:
    """Return a customer who has signed in before."""
    party_id = entity_id(django_settings.INSTITUTION, "party", username)
    return get_or_create_customer(party_id=party_id, username=username, full_name=full_name)


def sign_in(browser: Browser, username: str = "ada", *, path: str = "/connected-apps") -> Any:
    page = browser.get(path, follow=True)
    return submit(browser, page, "sign-in-form", username=username, password=FakeSignIn.PASSWORD)


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
