"""Two orders for one consent, the second arriving while the first is inside its transaction."""

import pytest

from edge.idempotency import KeyReused, hash_body
from kernel.states import IllegalTransition
from payments.models import Payment
from payments.services import apply_core_reports, submit_payment
from payments.states import PaymentStatus
from tests.support.builders.payments import a_payment, a_payment_grant, a_report
from tests.support.race import run_inside

pytestmark = pytest.mark.django_db(transaction=True)


@pytest.fixture
def grant():
    return a_payment_grant()


@pytest.fixture
def order(grant, now):
    def submit(key, body=None):
        body = body or {"Data": {"ConsentId": grant.consent_id.hex}}
        return submit_payment(grant=grant, lodged=body, idempotency_key=key, body_hash=hash_body(body), now=now)

    return submit


def test_a_repeated_order_waits_for_the_first_and_gets_its_payment(order, monkeypatch):
    first, second = run_inside(
        lambda: order("key-1"), lambda: order("key-1"), at="streaming.outbox.record", monkeypatch=monkeypatch
    )

    assert isinstance(first, Payment)
    assert first == second
    assert Payment.objects.count() == 1


def test_another_body_under_the_same_key_waits_and_is_refused(order, monkeypatch):
    first, second = run_inside(
        lambda: order("key-1"),
        lambda: order("key-1", {"Data": {}}),
        at="streaming.outbox.record",
        monkeypatch=monkeypatch,
    )

    assert isinstance(second, KeyReused)
    assert list(Payment.objects.all()) == [first]


def test_an_order_under_another_key_waits_and_finds_the_consent_used(order, monkeypatch):
    first, second = run_inside(
        lambda: order("key-1"), lambda: order("key-2"), at="streaming.outbox.record", monkeypatch=monkeypatch
    )

    assert isinstance(second, IllegalTransition)
    assert list(Payment.objects.all()) == [first]


def test_a_late_report_during_a_newer_one_changes_nothing(monkeypatch):
    payment = a_payment()
    run_inside(
        lambda: apply_core_reports(reports=[a_report(payment.id, "ACSC")]),
        lambda: apply_core_reports(reports=[a_report(payment.id, "ACSP")]),
        at="streaming.outbox.record_many",
        monkeypatch=monkeypatch,
    )

    payment.refresh_from_db()
    assert payment.status == PaymentStatus.ACSC
