"""The core says how far payments have come; nothing else moves them."""

from collections.abc import Sequence
from uuid import UUID

from django.db import transaction

from bankcore.events import PaymentReported
from payments.errors import ContradictoryReport, PaymentNotFound, UnknownStatus
from payments.events import PaymentStatusUpdated
from payments.models import Payment
from payments.states import LIFECYCLE, PaymentStatus
from streaming import outbox
from streaming.outbox import Cause


@transaction.atomic
def apply_core_reports(*, reports: Sequence[PaymentReported], causes: Sequence[Cause] | None = None) -> None:
    """
    Move payments on by the core's reports; tells each step once.

    Reports lead to the same state in any order and any number: one that is behind what is known changes nothing.
    ``causes``, one for each report, ties the news to the events that brought them.

    :raises PaymentNotFound: if one of the payments is not ours.
    :raises UnknownStatus: if a status is none that a single payment can have.
    :raises ContradictoryReport: if an end is reported that cannot follow the end that is known.
    """
    payments = _lock(reports)
    news: list[PaymentStatusUpdated] = []
    news_causes: list[Cause] = []
    for n, report in enumerate(reports):
        payment = payments[report.payment_id]
        if _advance(payment, report):
            news.append(_status_updated(payment, report))
            news_causes.extend(causes[n : n + 1] if causes else [])
    Payment.objects.bulk_update(payments.values(), _MOVED)
    outbox.record_many(news, causes=news_causes if causes else None)


_MOVED = ("status", "status_updated_at", "reason_code", "reason_text", "core_reference", "source_version")


def _lock(reports: Sequence[PaymentReported]) -> dict[UUID, Payment]:
    asked = {report.payment_id for report in reports}
    payments = {
        payment.id: payment for payment in Payment.objects.select_for_update().filter(id__in=asked).order_by("id")
    }
    missing = asked - payments.keys()
    if missing:
        raise PaymentNotFound(payment_ids=sorted(missing))
    return payments


def _advance(payment: Payment, report: PaymentReported) -> bool:
    """Take a report in, in memory; returns whether the payment moved."""
    known, told = PaymentStatus(payment.status), _status(report)
    payment.core_reference = payment.core_reference or report.core_reference or ""
    if known == told:
        if payment.source_version < report.source_version:
            _take(payment, report)
        return False
    if LIFECYCLE.may(known, told):
        payment.status = told
        _take(payment, report)
        return True
    if not LIFECYCLE.may(told, known):
        raise ContradictoryReport(payment_id=payment.id, known=str(known), told=str(told))
    return False  # overtaken by a report that was further on.


def _status(report: PaymentReported) -> PaymentStatus:
    try:
        return PaymentStatus(report.status)
    except ValueError:
        raise UnknownStatus(payment_id=report.payment_id, status=report.status) from None


def _take(payment: Payment, report: PaymentReported) -> None:
    payment.status_updated_at = report.occurred_at
    payment.reason_code = report.reason_code or ""
    payment.reason_text = report.reason_text or ""
    payment.source_version = report.source_version


def _status_updated(payment: Payment, report: PaymentReported) -> PaymentStatusUpdated:
    return PaymentStatusUpdated(
        occurred_at=report.occurred_at,
        payment_id=payment.id,
        third_party_id=payment.third_party_id,
        consent_id=payment.consent_id,
        customer_id=payment.customer_id,
        status=payment.status,
        reason_code=report.reason_code,
    )
