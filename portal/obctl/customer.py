"""A customer at the bank's screens, played by a program: fills in plain HTML forms and presses their buttons."""

from collections.abc import Sequence
from dataclasses import dataclass
from urllib.parse import urlencode, urljoin, urlsplit

import httpx

from portal.obctl.errors import NothingToPress, NotReachable, Refused
from portal.obctl.forms import Control, Form, Page, read_page

MOST_STEPS = 25

APPROVE = "approve"
DECLINE = "decline"


@dataclass(frozen=True, slots=True, kw_only=True)
class Customer:
    """
    Who signs in and what they say.

    ``accounts`` are parts of the accounts' labels or values; ``None`` chooses every account that is offered
    (of a payment's, the one that is already chosen, else the first).
    """

    username: str
    password: str
    decision: str = APPROVE
    accounts: Sequence[str] | None = None


def answer_request(customer: Customer, *, url: str, redirect_uri: str) -> str:
    """
    Go through the screens that begin at ``url``; return the address that leads back to the third party.

    :raises NothingToPress: if a page offers nothing that fits.
    :raises Refused: if the bank answers with an error.
    """
    with httpx.Client(timeout=30, trust_env=False) as browser:
        request = browser.build_request("GET", url)
        has_signed_in = False
        for _ in range(MOST_STEPS):
            try:
                response = browser.send(request)
            except httpx.TransportError as error:
                raise NotReachable(f"Nothing answers at {request.url.copy_with(query=None)}.") from error
            if response.is_redirect:
                target = urljoin(str(response.url), response.headers["location"])
                if _is_at(target, redirect_uri):
                    return target
                request = browser.build_request("GET", target)
                continue
            page = read_page(response.text, url=str(response.url))
            if back := next((link for link in page.links if _is_at(link, redirect_uri)), None):
                return back
            asks_to_sign_in = any(form.of_kind("password") for form in page.forms)
            if asks_to_sign_in and has_signed_in:
                raise _refused("The bank did not accept the user name and password.", response, page)
            if response.is_error:
                raise _refused(f"The bank's page says: {page.title} ({response.status_code}).", response, page)
            has_signed_in = has_signed_in or asks_to_sign_in
            request = _press(browser, page, customer)
    raise NothingToPress("The bank's screens lead nowhere.")


def _press(browser: httpx.Client, page: Page, customer: Customer) -> httpx.Request:
    form, button = _choose(page, customer)
    pairs = form.submission(button)
    if form.method == "get":
        return browser.build_request("GET", f"{form.action}?{urlencode(pairs)}")
    parts = urlsplit(form.action)
    return browser.build_request(
        "POST",
        form.action,
        content=urlencode(pairs),
        headers={
            "content-type": "application/x-www-form-urlencoded",
            "origin": f"{parts.scheme}://{parts.netloc}",
        },
    )


def _choose(page: Page, customer: Customer) -> tuple[Form, Control | None]:
    """Find the form that this page is about, and fill it in."""
    for form in page.forms:
        if form.of_kind("password"):
            _sign_in(form, customer)
            return form, next(iter(form.of_kind("submit")), None)
    for form in page.forms:
        if button := form.button("decision", customer.decision):
            _tick(form, customer)
            return form, button
    posting = [form for form in page.forms if form.method == "post" and form.of_kind("submit")]
    if len(posting) == 1:
        _tick(posting[0], customer)
        return posting[0], posting[0].of_kind("submit")[0]
    raise NothingToPress(f"The page “{page.title}” offers nothing to press: {page.text[:300]}")


def _sign_in(form: Form, customer: Customer) -> None:
    [password] = form.of_kind("password")[:1]
    names = form.of_kind("text", "email")
    if not names:
        raise NothingToPress("The sign-in form asks for no user name.")
    names[0].value, password.value = customer.username, customer.password


def _tick(form: Form, customer: Customer) -> None:
    for box in form.of_kind("checkbox"):
        box.is_checked = _is_wanted(box, customer)
    radios = form.of_kind("radio")
    for name in {radio.name for radio in radios}:
        group = [radio for radio in radios if radio.name == name]
        wanted = [radio for radio in group if customer.accounts is not None and _is_wanted(radio, customer)]
        chosen = next(iter(wanted), None) or next((radio for radio in group if radio.is_checked), group[0])
        for radio in group:
            radio.is_checked = radio is chosen


def _is_wanted(control: Control, customer: Customer) -> bool:
    if customer.accounts is None:
        return True
    return any(part == control.value or part in control.label for part in customer.accounts)


def _refused(message: str, response: httpx.Response, page: Page) -> Refused:
    return Refused(message, status=response.status_code, body=page.text)


def _is_at(url: str, redirect_uri: str) -> bool:
    return url.split("?", 1)[0] == redirect_uri.split("?", 1)[0]
