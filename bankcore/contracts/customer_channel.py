"""The contract of :class:`bankcore.ports.CustomerChannel`."""

from abc import ABC, abstractmethod
from collections.abc import Sequence
from datetime import datetime

from bankcore.errors import CustomerUnreachable
from bankcore.ports import CustomerChannel


class CustomerChannelContract(ABC):
    """Subclasses name a customer who can be reached, and tell what reached them."""

    customer_reference: str
    moment: datetime

    @abstractmethod
    def adapter(self) -> CustomerChannel:
        """Return the adapter under test."""

    @abstractmethod
    def received(self) -> Sequence[str]:
        """Return the messages that the customer got, newest first."""

    def test_the_customer_gets_the_code_and_what_it_is_for(self) -> None:
        purpose = "Pay 12.00 GBP to Beacon Lettings"
        self.adapter().send_code(
            customer_reference=self.customer_reference, code="314159", purpose=purpose, now=self.moment
        )

        assert "314159" in self.received()[0]
        assert purpose in self.received()[0]

    def test_a_customer_who_cannot_be_reached_is_a_refusal(self) -> None:
        try:
            self.adapter().send_code(customer_reference="0", code="314159", purpose="Nothing", now=self.moment)
        except CustomerUnreachable:
            return
        raise AssertionError("nobody was told, and nobody was told so")
