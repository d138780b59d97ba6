"""The contract of :class:`bankcore.ports.PaymentCore`."""

from abc import ABC, abstractmethod
from collections.abc import Sequence
from dataclasses import replace
from uuid import UUID

from django.db import transaction

from bankcore.ports import PaymentCore, PaymentInstruction
from kernel.identifiers import new_id


class PaymentCoreContract(ABC):
    """Subclasses give an instruction that the bank would accept, and tell which payments it was told to make."""

    @abstractmethod
    def adapter(self) -> PaymentCore:
        """Return the adapter under test."""

    @abstractmethod
    def instruction(self) -> PaymentInstruction:
        """Return a payment that is new and in order."""

    @abstractmethod
    def commanded(self) -> Sequence[UUID]:
        """Return the ids of the payments that the core was, or is sure to be, told to make."""

    def test_an_instruction_of_a_committed_transaction_reaches_the_core_once(self) -> None:
        instruction = self.instruction()
        with transaction.atomic():
            self.adapter().submit(instruction)

        assert list(self.commanded()).count(instruction.payment_id) == 1

    def test_an_instruction_of_a_transaction_that_was_rolled_back_never_does(self) -> None:
        instruction = self.instruction()
        with transaction.atomic():
            self.adapter().submit(instruction)
            transaction.set_rollback(True)

        assert instruction.payment_id not in self.commanded()

    def test_each_payment_keeps_its_own_id(self) -> None:
        instruction = self.instruction()
        other = replace(instruction, payment_id=new_id())
        with transaction.atomic():
            self.adapter().submit(instruction)
            self.adapter().submit(other)

        assert {instruction.payment_id, other.payment_id} <= set(self.commanded())
