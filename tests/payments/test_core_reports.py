"""Payments are moved by the core's reports only, and end in the same state in whatever order these arrive."""

import random
from dataclasses import replace

import pytest
from django.db import transaction
from hypothesis import given
from hypothesis import strategies as st

from payments.consumers import apply_payments_reported
from payments.errors import ContradictoryReport, PaymentNotFound, UnknownStatus
from payments.models import Payment
from payments.services import apply_core_reports
from payments.states import LIFECYCLE, STEPS, PaymentStatus
from streaming.consumers import Reject
from tests.support.builders.accounts import as_received
from tests.support.builders.payments import APPROVED_AT, a_payment, a_report

pytestmark = pytest.mark.django_db


def _after(payment, *statuses):
    for status in statuses:
        apply_core_reports(reports=[a_report(payment.id, status)])
    payment.refresh_from_db()
    return payment.status


def _state(payment):
    payment.refresh_from_db()
    return (
        payment.status,
        payment.reason_code,
        payment.core_reference,
        payment.source_version,
        payment.status_updated_at,
    )


@st.composite
def histories(draw):
    """Walk the life of a payment step by step, the core telling some of the steps."""
    status, told = PaymentStatus.RCVD, []
    while STEPS[status]:
        status = draw(st.sampled_from(STEPS[status]))
        if draw(st.booleans()) or not STEPS[status]:
            told.append(status)
    return told


@given(history=histories(), seed=st.integers(0, 2**32), batch=st.integers(1, 4))
def test_any_order_any_batches_and_any_repetition_give_the_same_state(history, seed, batch):
    with transaction.atomic():
        in_order, shuffled = a_payment(), a_payment()
        reports = [
            a_report(in_order.id, status, reason_code=reason) for status in history for reason in ("AG01", "AM04")
        ]
        for report in reports:
            apply_core_reports(reports=[report])
        rng = random.Random(seed)
        arriving = [replace(report, payment_id=shuffled.id) for report in reports + rng.choices(reports, k=3)]
        rng.shuffle(arriving)
        for start in range(0, len(arriving), batch):
            apply_core_reports(reports=arriving[start : start + batch])
        assert _state(shuffled) == _state(in_order)
        assert shuffled.status == history[-1]
        transaction.set_rollback(True)


@pytest.mark.parametrize("target", PaymentStatus.values)
@pytest.mark.parametrize("source", PaymentStatus.values)
def test_a_report_moves_a_payment_only_forward(source, target):
    payment = a_payment()
    Payment.objects.filter(id=payment.id).update(status=source)
    is_known_to_follow = LIFECYCLE.may(PaymentStatus(source), PaymentStatus(target))
    is_behind = LIFECYCLE.may(PaymentStatus(target), PaymentStatus(source)) or source == target

    if is_known_to_follow or is_behind:
        assert _after(payment, target) == (target if is_known_to_follow else source)
    else:
        with pytest.raises(ContradictoryReport):
            _after(payment, target)


def test_a_late_step_after_the_debit_changes_nothing(recorded):
    payment = a_payment()

    assert _after(payment, "ACSC", "ACSP") == PaymentStatus.ACSC
    assert [event["type"] for event in recorded("payment.events.v1")] == [
        "payments.payment.submitted",
        "payments.payment.status_updated",
    ]


def test_each_step_is_told_once_with_the_cores_time(recorded):
    payment = a_payment()
    steps = [a_report(payment.id, status) for status in ("ACSP", "ACSC", "ACCC")]
    apply_core_reports(reports=[*steps, *steps])

    _, *told = recorded("payment.events.v1")
    assert [event["status"] for event in told] == ["ACSP", "ACSC", "ACCC"]
    payment.refresh_from_db()
    assert payment.status_updated_at == APPROVED_AT
    assert payment.core_reference == "CORE-1"


def test_a_refusal_carries_its_reason(recorded):
    payment = a_payment()
    apply_core_reports(reports=[a_report(payment.id, "RJCT", reason_code="AM04", reason_text="Insufficient funds")])

    payment.refresh_from_db()
    assert (payment.status, payment.reason_code) == ("RJCT", "AM04")
    assert recorded("payment.events.v1")[-1]["reason_code"] == "AM04"


def test_a_debit_cannot_follow_a_refusal():
    payment = a_payment()
    _after(payment, "RJCT")

    with pytest.raises(ContradictoryReport):
        _after(payment, "ACCC")


def test_reports_of_unknown_payments_and_statuses_are_set_aside():
    payment = a_payment()
    with pytest.raises(UnknownStatus):
        _after(payment, "XXXX")
    with pytest.raises(PaymentNotFound):
        apply_core_reports(reports=[a_report(payment.consent_id, "ACSC")])
    with pytest.raises(Reject):
        apply_payments_reported([as_received(a_report(payment.id, "XXXX"))])
