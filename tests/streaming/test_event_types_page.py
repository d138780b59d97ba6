"""The admin's pages about event types: every contract, for all staff, nothing personal."""

import pytest
from django.contrib.auth.models import Group
from django.urls import reverse

from oauth.models import User
from streaming.contracts.registry import contracts

pytestmark = pytest.mark.django_db


@pytest.fixture
def support(client):
    """Return a client signed in as somebody who may see the least."""
    staff = User.objects.create_staff("support", "a long enough password")
    staff.groups.add(Group.objects.get(name="support"))
    client.force_login(staff)
    return client


def test_the_menu_leads_to_all_event_types(support):
    menu = support.get(reverse("admin:index")).content.decode()
    address = reverse("admin:streaming_eventtype_changelist")
    assert f'href="{address}"' in menu

    page = support.get(address).content.decode()
    assert all(f">{contract.name}</a>" in page for contract in contracts())


def test_each_type_has_a_page_that_the_list_leads_to(support):
    listed = support.get(reverse("admin:streaming_eventtype_changelist")).content.decode()
    for contract in contracts():
        address = listed.rpartition(f'">{contract.name}</a>')[0].rpartition('href="')[2]
        page = support.get(address)

        assert page.status_code == 200
        content = page.content.decode()
        assert contract.topic.name in content
        assert all(name in content for name in contract.schema["properties"])


def test_a_type_that_is_not_there_is_not_found(support):
    assert support.get(reverse("admin:streaming_eventtype_change", args=["tests.thing.moved"])).status_code == 404


def test_whoever_is_in_no_group_sees_nothing(client):
    client.force_login(User.objects.create_staff("new", "a long enough password"))
    assert client.get(reverse("admin:streaming_eventtype_changelist")).status_code == 403
    address = reverse("admin:streaming_eventtype_change", args=["payments.payment.submitted"])
    assert client.get(address).status_code == 403


def test_the_pages_ask_the_database_for_no_migration():
    from django.apps import apps

    assert "eventtype" not in apps.all_models["streaming"]
