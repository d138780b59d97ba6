"""Consents in the staff site: found by what a caller can say, ended with a reason."""

from datetime import datetime
from typing import Any

import pytest
from django.test import Client as Browser
from django.urls import reverse

from consents.access import Refusal, RefusalReason, admit
from streaming import selectors as log
from tests.support.builders import consents as build
from tests.support.builders import oauth as people

pytestmark = pytest.mark.django_db

LIST = "/admin/consents/consent/"
MAY_END = {"support": True, "compliance": True, "operator": False, "auditor": False}


@pytest.fixture
def browser() -> Browser:
    return of("support")


def of(*groups: str) -> Browser:
    signed_in = Browser()
    signed_in.force_login(people.a_member_of_staff(*groups, username="-".join(groups)))
    return signed_in


def found(browser: Browser, term: str) -> list[str]:
    page = browser.get(LIST, {"q": term})
    assert page.status_code == 200
    return [row.id.hex for row in page.context["cl"].result_list]


def test_a_consent_is_found_by_id_third_party_customer_and_account(browser: Browser, now: datetime) -> None:
    granted = build.a_granted_consent(now=now)
    build.a_lodged_account_access(client=build.a_client(now=now, name="Other"), now=now)
    own = [granted.consent.id.hex]
    for term in (
        granted.consent.id.hex,
        str(granted.consent.id),
        "ledgerly",
        "ada mar",
        "09-01-26 4821",
        "090126 4821",
        "09 01 26 00004821",
    ):
        assert found(browser, term) == own, term
    for term in ("nobody", "10-01-26 4821", "09-01-26 9999", "'; --", "%%"):
        assert found(browser, term) == [], term


@pytest.mark.parametrize(("role", "may"), MAY_END.items())
def test_ending_is_for_support_and_compliance(role: str, may: bool, now: datetime) -> None:
    granted = build.a_granted_consent(now=now)
    browser = of(role)
    row, act = (
        reverse("admin:consents_consent_change", args=[granted.consent.id]),
        reverse("admin:consents_consent_act", args=[granted.consent.id, "end"]),
    )
    page = browser.get(row)
    assert page.status_code == 200
    assert (act in page.content.decode()) is may
    assert browser.get(act).status_code == (200 if may else 403)
    answer = browser.post(act, {"reason": "The customer asked on the phone."})
    assert answer.status_code == (303 if may else 403)
    granted.consent.refresh_from_db()
    assert (granted.consent.status == "ended") is may


def test_ending_is_told_with_who_and_why_and_counts_at_the_next_call(browser: Browser, now: datetime) -> None:
    granted = build.a_granted_consent(now=now)
    act = reverse("admin:consents_consent_act", args=[granted.consent.id, "end"])
    browser.post(act, {"reason": "The customer asked on the phone."})

    (ended,) = log.list_events(consent_id=granted.consent.id, types=["consents.consent.ended"])
    assert ended.actor.startswith("staff:")
    assert ended.payload["reason"] == "The customer asked on the phone."
    assert admit(token=granted.token, scope="accounts", now=now) == Refusal(RefusalReason.REVOKED_TOKEN)
    text = browser.get(reverse("admin:consents_consent_change", args=[granted.consent.id])).content.decode()
    assert "Sam Staff" in text
    assert "The customer asked on the phone." in text
    assert browser.post(act, {"reason": "And once more, please."}).status_code == 422


def test_a_payment_cannot_be_ended_by_staff(browser: Browser, now: datetime) -> None:
    granted = build.a_granted_consent(now=now, kind="single_payment")
    act = reverse("admin:consents_consent_act", args=[granted.consent.id, "end"])
    assert "not possible" in browser.get(act).content.decode()
    assert browser.post(act, {"reason": "The customer asked on the phone."}).status_code == 422
    granted.consent.refresh_from_db()
    assert granted.consent.status == "authorised"


def test_a_row_shows_accounts_masked_and_no_token(browser: Browser, now: datetime) -> None:
    granted: Any = build.a_granted_consent(now=now)
    text = browser.get(reverse("admin:consents_consent_change", args=[granted.consent.id])).content.decode()
    assert "•••• 4821" in text
    assert granted.token not in text
