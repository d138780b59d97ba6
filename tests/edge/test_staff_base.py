"""The staff site's base: deny by default, no add, change or delete, no count, every deed with a reason."""

from datetime import datetime, timedelta

import pytest
from django.contrib import admin
from django.db import connection
from django.test import Client as Browser
from django.test.utils import CaptureQueriesContext
from django.urls import reverse

from consents.models import Consent
from edge.staff import StaffAdminSite, StaffModelAdmin
from kernel import clock
from tests.support.builders import consents as build
from tests.support.builders import oauth as people

pytestmark = pytest.mark.django_db

PASSWORD = "a long enough password"
ROLES = ("support", "compliance", "operator", "auditor")


def signed_in(*groups: str) -> Browser:
    browser = Browser()
    user = people.a_member_of_staff(*groups, username=f"staff-{'-'.join(groups) or 'none'}")
    browser.force_login(user)
    return browser


def every_list() -> list[str]:
    return [
        reverse(f"admin:{model._meta.app_label}_{model._meta.model_name}_changelist") for model in admin.site._registry
    ]


def test_every_page_is_of_the_staff_site_and_read_only() -> None:
    assert isinstance(admin.site._wrapped, StaffAdminSite)  # type: ignore[attr-defined]
    for model, page in admin.site._registry.items():
        assert isinstance(page, StaffModelAdmin), f"{model} is not registered read-only"


def test_whoever_is_in_no_group_sees_no_page_at_all() -> None:
    browser = signed_in()
    assert browser.get(reverse("admin:index")).status_code == 200
    for path in every_list():
        assert browser.get(path).status_code == 403, path


@pytest.mark.parametrize("role", ROLES)
def test_a_role_sees_exactly_the_pages_that_name_it(role: str) -> None:
    browser = signed_in(role)
    for model, page in admin.site._registry.items():
        path = reverse(f"admin:{model._meta.app_label}_{model._meta.model_name}_changelist")
        expected = 200 if role in page.seen_by else 403  # type: ignore[attr-defined]
        assert browser.get(path).status_code == expected, (role, path)


@pytest.mark.parametrize("page", ["add/", "{id}/delete/", "{id}/history/"])
def test_there_is_no_page_to_add_or_delete(page: str, now: datetime) -> None:
    consent = build.a_lodged_account_access(client=build.a_client(now=now), now=now)
    browser = signed_in("compliance")
    path = reverse("admin:consents_consent_changelist") + page.format(id=consent.id)
    answer = browser.get(path)
    assert answer.status_code in {302, 404}, "an unknown id leads to the list"
    assert browser.post(path, {"post": "yes"}).status_code in {302, 403, 404}
    assert Consent.objects.filter(id=consent.id).exists()


def test_nothing_can_be_changed_by_posting_the_row(now: datetime) -> None:
    consent = build.a_lodged_account_access(client=build.a_client(now=now), now=now)
    browser = signed_in("compliance")
    path = reverse("admin:consents_consent_change", args=[consent.id])
    assert browser.post(path, {"client_id": "other"}).status_code == 403
    consent.refresh_from_db()
    assert consent.client_id != "other"


def test_customers_and_strangers_are_asked_to_sign_in_as_staff() -> None:
    path = reverse("admin:consents_consent_changelist")
    stranger, customer = Browser(), Browser()
    customer.force_login(people.a_customer())
    for browser in (stranger, customer):
        answer = browser.get(path)
        assert answer.status_code == 302
        assert answer.headers["Location"].startswith(reverse("admin:login"))


def test_staff_sign_in_with_their_password_and_leave_again(now: datetime) -> None:
    people.a_member_of_staff("support", username="sam")
    browser = Browser(enforce_csrf_checks=True)
    page = browser.get(reverse("admin:login"))
    token = page.context["csrf_token"]
    form = {"username": "sam", "password": PASSWORD, "csrfmiddlewaretoken": str(token), "next": "//evil.example"}
    answer = browser.post(reverse("admin:login"), form)
    assert answer.status_code == 302
    assert "evil" not in answer.headers["Location"]
    assert browser.get(reverse("admin:index")).status_code == 200


@pytest.mark.parametrize("username", ["sue", "nobody-of-that-name"])
def test_row_75_after_five_failures_even_the_right_password_waits(username: str) -> None:
    people.a_member_of_staff("support", username="sue")
    browser = Browser()
    for _ in range(5):
        refused = browser.post(reverse("admin:login"), {"username": username, "password": "a guess"})
        assert "too many attempts" not in refused.content.decode()
    answer = browser.post(reverse("admin:login"), {"username": username, "password": PASSWORD})
    assert "too many attempts" in answer.content.decode()
    assert browser.get(reverse("admin:index")).status_code == 302


def test_a_staff_session_ends_after_fifteen_idle_minutes(now: datetime) -> None:
    browser = signed_in("support")
    index = reverse("admin:index")
    assert browser.get(index).status_code == 200
    offset = timedelta(minutes=15, seconds=1)
    clock.shift_by(lambda: offset)
    try:
        assert browser.get(index).status_code == 302
    finally:
        clock.shift_by(None)


def test_pages_carry_the_strict_policy_and_nothing_inline(now: datetime) -> None:
    consent = build.a_lodged_account_access(client=build.a_client(now=now), now=now)
    browser = signed_in("support")
    paths = [
        reverse("admin:index"),
        reverse("admin:login"),
        reverse("admin:consents_consent_changelist"),
        reverse("admin:consents_consent_change", args=[consent.id]),
        reverse("admin:consents_consent_act", args=[consent.id, "end"]),
    ]
    for path in paths:
        page = (Browser() if path.endswith("login/") else browser).get(path)
        text = page.content.decode()
        assert page.status_code == 200, path
        for inline in ("<script", "<style", " style=", " onclick="):
            assert inline not in text, (path, inline)
        assert "style-src 'self'" in page.headers["Content-Security-Policy"]
        assert "no-store" in page.headers["Cache-Control"]


def test_a_list_never_counts_and_costs_the_same_for_one_row_and_for_many(now: datetime) -> None:
    client = build.a_client(now=now)
    browser = signed_in("support")
    path = reverse("admin:consents_consent_changelist")

    def cost() -> int:
        with CaptureQueriesContext(connection) as captured:
            assert browser.get(path).status_code == 200
        assert not [query for query in captured.captured_queries if "COUNT(" in query["sql"].upper()]
        return len(captured)

    build.a_lodged_account_access(client=client, now=now)
    few = cost()
    for _ in range(20):
        build.a_lodged_account_access(client=client, now=now)
    assert cost() == few


def test_a_long_list_is_paged_by_key_without_gap_or_repetition(now: datetime) -> None:
    client = build.a_client(now=now)
    made = [build.a_lodged_account_access(client=client, now=now).id.hex for _ in range(53)]
    browser = signed_in("support")
    path: str | None = reverse("admin:consents_consent_changelist")
    seen: list[str] = []
    while path:
        changelist = browser.get(path).context["cl"]
        seen += [row.id.hex for row in changelist.result_list]
        href = changelist.next_href
        path = reverse("admin:consents_consent_changelist") + href if href else None
    assert seen == sorted(made, reverse=True)


@pytest.mark.parametrize("after", ["x", "1", "\x00", "00000000-0000-0000-0000-000000000000"])
def test_garbage_for_a_page_shows_an_empty_list(after: str, now: datetime) -> None:
    build.a_lodged_account_access(client=build.a_client(now=now), now=now)
    answer = signed_in("support").get(reverse("admin:consents_consent_changelist"), {"after": after})
    assert answer.status_code == 200
    assert "Nothing found" in answer.content.decode()


@pytest.mark.parametrize(
    "query",
    [
        {"password__startswith": "argon2"},
        {"password__regex": "("},
        {"kind__startswith": "st"},
        {"created_at__year": "99999999999"},
        {"groups__name": "compliance"},
        {"kind__exact": "\x00"},
        {"kind": "\x00"},
        {"unknown": "1"},
    ],
)
def test_row_76_a_list_is_filtered_by_what_it_offers_and_by_nothing_else(query: dict[str, str]) -> None:
    browser = signed_in("auditor")
    path = reverse("admin:oauth_user_changelist")
    assert browser.get(path, query).status_code == 400
    assert browser.get(path, {"kind__exact": "staff", "is_active__exact": "1"}).status_code == 200


@pytest.mark.parametrize("path", ["r/1/x/", "r/1/%00/", "autocomplete/?term=a", "jsi18n/"])
def test_stock_pages_beside_the_rows_are_not_there(path: str) -> None:
    assert signed_in("support").get(reverse("admin:index") + path).status_code == 404


def test_a_deed_that_is_not_known_is_not_found(now: datetime) -> None:
    consent = build.a_lodged_account_access(client=build.a_client(now=now), now=now)
    path = reverse("admin:consents_consent_act", args=[consent.id, "delete"])
    assert signed_in("support").get(path).status_code == 404


@pytest.mark.parametrize("reason", ["", "short", "         "])
def test_a_deed_needs_a_reason_of_some_length(reason: str, now: datetime) -> None:
    consent = build.a_lodged_account_access(client=build.a_client(now=now), now=now)
    path = reverse("admin:consents_consent_act", args=[consent.id, "end"])
    answer = signed_in("support").post(path, {"reason": reason})
    assert answer.status_code == 422
    assert "Nothing was done" in answer.content.decode()
    consent.refresh_from_db()
    assert consent.status == "awaiting_authorisation"
