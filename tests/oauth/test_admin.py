"""Staff see third parties, clients and people by their groups, never a secret, and act with a reason only."""

import pytest
from django.contrib.auth.models import Group
from django.test import Client as Browser
from django.urls import reverse

from oauth.models import ThirdParty, User
from oauth.states import ThirdPartyStatus
from tests.support.builders.oauth import a_client, a_member_of_staff

pytestmark = pytest.mark.django_db

GROUPS = ("support", "compliance", "operator", "auditor")


def browser_of(*groups: str) -> Browser:
    browser = Browser()
    browser.force_login(a_member_of_staff(*groups))
    return browser


def test_the_four_groups_are_there_from_the_first_migration():
    assert set(Group.objects.values_list("name", flat=True)) == set(GROUPS)


@pytest.mark.parametrize("model", ["thirdparty", "client", "user", "accesstoken", "refreshtoken", "authorizationcode"])
def test_staff_without_a_group_see_nothing(model):
    assert browser_of().get(reverse(f"admin:oauth_{model}_changelist")).status_code == 403


@pytest.mark.parametrize("group", GROUPS)
def test_nobody_sees_tokens(group):
    for model in ("accesstoken", "refreshtoken", "authorizationcode", "idtoken"):
        assert browser_of(group).get(reverse(f"admin:oauth_{model}_changelist")).status_code == 403
        User.objects.all().delete()


@pytest.mark.parametrize("group", GROUPS)
def test_every_group_finds_third_parties_and_clients(group):
    client = a_client()
    browser = browser_of(group)
    for model, row in (("thirdparty", client.third_party), ("client", client)):
        assert browser.get(reverse(f"admin:oauth_{model}_changelist"), {"q": "ledger"}).status_code == 200
        page = browser.get(reverse(f"admin:oauth_{model}_change", args=[row.pk]))
        assert page.status_code == 200
        assert client.client_id in page.text
        assert 'name="_save"' not in page.text


def test_people_are_not_for_support():
    assert browser_of("support").get(reverse("admin:oauth_user_changelist")).status_code == 403


def test_a_persons_page_shows_no_password():
    browser = browser_of("auditor")
    user = User.objects.get()
    page = browser.get(reverse("admin:oauth_user_change", args=[user.pk]))
    assert page.status_code == 200
    assert user.password not in page.text
    assert "argon2" not in page.text


@pytest.mark.parametrize("group", GROUPS)
def test_compliance_and_operators_suspend_with_a_reason(group):
    third_party = a_client().third_party
    address = reverse("admin:oauth_thirdparty_act", args=[third_party.pk, "suspend"])
    browser = browser_of(group)
    without = browser.post(address, {"reason": ""})
    answer = browser.post(address, {"reason": "Its keys were leaked."})
    if group in {"compliance", "operator"}:
        assert (without.status_code, answer.status_code) == (422, 303)
        assert ThirdParty.objects.get().status_reason == "Its keys were leaked."
        assert "Its keys were leaked." in browser.get(answer["Location"]).text
    else:
        assert (without.status_code, answer.status_code) == (403, 403)
        assert ThirdParty.objects.get().status == ThirdPartyStatus.ACTIVE


def test_only_compliance_reinstates():
    third_party = a_client().third_party
    ThirdParty.objects.update(status="suspended", status_reason="why")
    address = reverse("admin:oauth_thirdparty_act", args=[third_party.pk, "reinstate"])
    assert browser_of("operator").post(address, {"reason": "Its keys were changed."}).status_code == 403
    User.objects.all().delete()
    assert browser_of("compliance").post(address, {"reason": "Its keys were changed."}).status_code == 303
    assert ThirdParty.objects.get().status == ThirdPartyStatus.ACTIVE
