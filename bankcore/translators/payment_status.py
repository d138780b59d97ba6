"""The core's answers to payment commands."""

from typing import Annotated
from uuid import UUID

import msgspec

from bankcore.events import PaymentReported
from bankcore.translators.envelope import Milliseconds, Position, decode, moment_of, text

Code = Annotated[str, msgspec.Meta(pattern="^[A-Z0-9]{4}$")]


class PaymentStatus(msgspec.Struct):
    """One answer; ``lsn`` is its place in the core's log, ``status`` ISO 20022's (ExternalPaymentTransactionStatus)."""

    lsn: Position
    ts_ms: Milliseconds
    payment: UUID
    status: Code
    reason: Code | None = None
    text: str | None = None
    core_reference: str | None = None


_decoder = msgspec.json.Decoder(PaymentStatus)


def translate(value: bytes) -> PaymentReported:
    """
    Return what the core says about a payment.

    :raises streaming.consumers.Reject: if the answer cannot be understood.
    """
    answer = decode(_decoder, value, what="a payment status")
    return PaymentReported(
        occurred_at=moment_of(answer.ts_ms),
        source_version=answer.lsn,
        is_snapshot=False,
        payment_id=answer.payment,
        status=answer.status,
        reason_code=answer.reason,
        reason_text=text(answer.text),
        core_reference=text(answer.core_reference),
    )
