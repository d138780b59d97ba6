"""The core's reports about payments."""

from collections.abc import Sequence

from bankcore.events import PaymentReported
from kernel.errors import DomainError
from payments import services
from streaming.consumers import Received, Reject, handles


@handles(PaymentReported, group="payments.core-reports")
def apply_payments_reported(batch: Sequence[Received[PaymentReported]]) -> None:
    """Move payments on; a report that cannot be true becomes a dead letter for somebody to look at."""
    try:
        services.apply_core_reports(reports=[received.event for received in batch], causes=batch)
    except DomainError as refusal:
        raise Reject(f"{refusal.code}: {refusal.context}") from refusal
