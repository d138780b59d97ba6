"""The core's reports as the consumer runtime brings them."""

import pytest

from payments.states import PaymentStatus
from tests.support.builders.payments import a_payment, a_report
from tests.support.streams import a_record_of, deliver, recorded_event_names

pytestmark = pytest.mark.django_db

GROUP = "payments.core-reports"


def test_a_report_that_is_delivered_twice_is_told_once():
    payment = a_payment()
    record = a_record_of(a_report(payment.id, "ACSC"))
    deliver([record, record], GROUP)
    deliver([record], GROUP)

    payment.refresh_from_db()
    assert payment.status == PaymentStatus.ACSC
    assert recorded_event_names().count("payments.payment.status_updated") == 1


def test_a_report_that_cannot_be_true_stops_nobody_elses():
    from streaming.models import DeadLetter

    contradicted, healthy = a_payment(), a_payment()
    deliver([a_report(contradicted.id, "RJCT")], GROUP)
    deliver([a_report(contradicted.id, "ACCC"), a_report(healthy.id, "ACCC")], GROUP)

    contradicted.refresh_from_db()
    healthy.refresh_from_db()
    assert contradicted.status == PaymentStatus.RJCT
    assert healthy.status == PaymentStatus.ACCC
    assert DeadLetter.objects.count() == 1
