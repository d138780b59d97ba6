"""The core's answers to payment commands."""

from datetime import UTC, datetime
from typing import Annotated
from uuid import UUID

import msgspec

from bankcore.events import PaymentReported
from bankcore.translators.envelope import Position, text
from streaming.consumers import Reject

Code = Annotated[str, msgspec.Meta(pattern="^[A-Z0-9]{4}$")]


class PaymentStatus(msgspec.Struct):
    """One answer; ``lsn`` is its place in the core's log, ``status`` ISO 20022's (ExternalPaymentTransactionStatus)."""

    lsn: Position
    ts_ms: Annotated[int, msgspec.Meta(ge=0, le=253_402_300_799_999)]
    payment: UUID
    status: Code
    reason: Code | None = None
    text: str | None = None
    core_reference: str | None = None


_decoder = msgspec.json.Decoder(PaymentStatus)


def translate(value: bytes) -> PaymentReported:
    """
    Return what the core says about a payment.

    :raises Reject: if the answer cannot be understood.
    """
    if b"\\u0000" in value:
        raise Reject("a text holds U+0000, which no table can store")
    try:
        answer = _decoder.decode(value)
    except (msgspec.DecodeError, UnicodeDecodeError, RecursionError) as error:
        raise Reject(f"not a payment status: {error}") from error
    return PaymentReported(
        occurred_at=datetime.fromtimestamp(answer.ts_ms // 1000, UTC).replace(microsecond=answer.ts_ms % 1000 * 1000),
        source_version=answer.lsn,
        is_snapshot=False,
        payment_id=answer.payment,
        status=answer.status,
        reason_code=answer.reason,
        reason_text=text(answer.text),
        core_reference=text(answer.core_reference),
    )
