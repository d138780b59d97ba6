"""Every adapter of a port keeps the port's contract."""

from collections.abc import Mapping, Sequence
from datetime import UTC, datetime
from typing import Any
from uuid import UUID

import pytest

from bankcore.adapters.cdc import CdcAccountsFeed
from bankcore.adapters.kafka import KafkaPaymentCore
from bankcore.contracts.accounts_feed import AccountsFeedContract
from bankcore.contracts.customer_channel import CustomerChannelContract
from bankcore.contracts.customer_sign_in import CustomerSignInContract
from bankcore.contracts.payment_core import PaymentCoreContract
from bankcore.events import PaymentInstructed
from bankcore.ports import PaymentInstruction, customer_sign_in, payment_core
from bankcore.simulator.agents.households import password_of
from bankcore.simulator.inbox import SandboxInbox
from bankcore.simulator.sign_in import SandboxSignIn
from streaming.errors import OutsideTransaction
from tests.support.builders.bankcore import SEED, a_change, a_payment_instruction
from tests.support.streams import recorded_events

MOMENT = datetime(2026, 11, 23, 14, 5, tzinfo=UTC)


class TestSandboxSignIn(CustomerSignInContract):
    username = "psu.happy"
    secret = password_of(SEED, "psu.happy")
    moment = MOMENT

    @pytest.fixture(autouse=True)
    def _customer(self, core: Any) -> None:
        (number,) = core.execute("SELECT SOCUS FROM SIGNON WHERE SONAME = 'psu.happy'").fetchone()
        self.customer_reference = str(number)

    def adapter(self) -> SandboxSignIn:
        return SandboxSignIn()


class TestSandboxInbox(CustomerChannelContract):
    moment = MOMENT

    @pytest.fixture(autouse=True)
    def _customer(self, core: Any) -> None:
        self.customer_reference = str(core.execute("SELECT MIN(CUSNO) FROM CUSMST").fetchone()[0])

    def adapter(self) -> SandboxInbox:
        return SandboxInbox()

    def received(self) -> Sequence[str]:
        return SandboxInbox().messages(customer_reference=self.customer_reference)


@pytest.mark.django_db
class TestKafkaPaymentCore(PaymentCoreContract):
    def adapter(self) -> KafkaPaymentCore:
        return KafkaPaymentCore()

    def instruction(self) -> PaymentInstruction:
        return a_payment_instruction()

    def commanded(self) -> Sequence[UUID]:
        return [event.payment_id for event in recorded_events(PaymentInstructed)]


@pytest.mark.django_db(transaction=True)
def test_a_payment_cannot_be_handed_over_outside_a_transaction():
    with pytest.raises(OutsideTransaction):
        KafkaPaymentCore().submit(a_payment_instruction())


class TestCdcAccountsFeed(AccountsFeedContract):
    def adapter(self) -> CdcAccountsFeed:
        return CdcAccountsFeed()

    def samples(self) -> Mapping[str, Sequence[bytes]]:
        return {
            topic: [a_change(topic.rpartition(".")[2].upper(), op=op) for op in "cur"]
            for topic in self.adapter().topics()
        }


def test_settings_name_the_adapters():
    assert isinstance(customer_sign_in(), SandboxSignIn)
    assert isinstance(payment_core(), KafkaPaymentCore)
