"""What happens to payment orders."""

from dataclasses import dataclass
from uuid import UUID

from streaming import topics
from streaming.events import Event

topics.declare("payment.events.v1", owner="payments", retention_days=30, purpose="Payment orders and their statuses.")


@dataclass(frozen=True, slots=True, kw_only=True)
class PaymentSubmitted(Event):
    """A third party used a customer's approval: the payment was accepted and is on its way to the core."""

    name = "payments.payment.submitted"
    aggregate_type = "payment"
    subject = "payment_id"
    topic = "payment.events.v1"
    personal = frozenset({"creditor_name", "creditor_identification"})
    serves = ("1a", "1b", "2a", "6a", "8b", "9c")
    example = {
        "amount_minor": 1200,
        "currency": "GBP",
        "creditor_name": "Beacon Lettings",
        "creditor_scheme": "UK.OBIE.SortCodeAccountNumber",
        "creditor_identification": "00120431415926",
        "status": "RCVD",
    }

    payment_id: UUID
    third_party_id: UUID
    consent_id: UUID
    customer_id: UUID
    debtor_account_id: UUID
    amount_minor: int
    currency: str
    creditor_name: str
    creditor_scheme: str
    creditor_identification: str
    status: str


@dataclass(frozen=True, slots=True, kw_only=True)
class PaymentStatusUpdated(Event):
    """The core said how far the payment has come; ``status`` is an ISO 20022 code, ``occurred_at`` the core's time."""

    name = "payments.payment.status_updated"
    aggregate_type = "payment"
    subject = "payment_id"
    topic = "payment.events.v1"
    serves = ("1a", "2a", "2b", "6a", "8b", "9c")
    example = {"status": "ACSC", "reason_code": None}

    payment_id: UUID
    third_party_id: UUID
    consent_id: UUID
    customer_id: UUID
    status: str
    reason_code: str | None
