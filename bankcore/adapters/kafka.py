"""Payments to the core over Kafka, by way of the event log."""

from bankcore.events import PaymentInstructed
from bankcore.ports import PaymentInstruction
from streaming import outbox


class KafkaPaymentCore:
    """A :class:`bankcore.ports.PaymentCore`: the command is an event of the caller's transaction, relayed after it."""

    def submit(self, instruction: PaymentInstruction) -> None:
        """
        Record the command; the core tells by ``payment_id`` when it reads one twice.

        :raises streaming.errors.OutsideTransaction: if no transaction is open.
        """
        outbox.record(
            PaymentInstructed(
                occurred_at=instruction.instructed_at,
                payment_id=instruction.payment_id,
                debtor_account_id=instruction.debtor_account_id,
                debtor_sort_code=instruction.debtor_sort_code,
                debtor_account_number=instruction.debtor_account_number,
                amount_minor=instruction.amount_minor,
                currency=instruction.currency,
                creditor_name=instruction.creditor_name,
                creditor_scheme=instruction.creditor_scheme,
                creditor_identification=instruction.creditor_identification,
                reference=instruction.reference,
                end_to_end_identification=instruction.end_to_end_identification,
                local_instrument=instruction.local_instrument,
                third_party_id=instruction.third_party_id,
                consent_id=instruction.consent_id,
                customer_id=instruction.customer_id,
            )
        )
