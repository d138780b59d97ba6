"""Staff find and read payments; they can change nothing."""

import pytest
from django.urls import reverse

from payments.services import apply_core_reports
from tests.support.builders.oauth import a_member_of_staff
from tests.support.builders.payments import a_payment, a_report

pytestmark = pytest.mark.django_db


@pytest.fixture
def staff(client):
    client.force_login(a_member_of_staff("support"))
    return client


def test_a_payment_is_found_by_its_consent_and_read_with_its_history(staff):
    payment = a_payment()
    a_payment()
    apply_core_reports(reports=[a_report(payment.id, "RJCT", reason_code="AM04")])

    found = staff.get(reverse("admin:payments_payment_changelist"), {"q": payment.consent_id.hex})
    page = staff.get(reverse("admin:payments_payment_change", args=[payment.id]))

    assert found.content.decode().count(str(payment.id)) >= 1
    assert found.context["cl"].result_count == 1
    text = page.content.decode()
    assert "£165.88" in text
    assert "AM04" in text
    assert "Rejected" in text
    assert "Ledgerly" in text
    assert payment.creditor_identification not in text


def test_whoever_is_in_no_group_sees_no_payment(client):
    client.force_login(a_member_of_staff(username="nobody"))

    assert client.get(reverse("admin:payments_payment_changelist")).status_code == 403
