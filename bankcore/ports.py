"""
What the platform needs of a bank, as Protocols; settings name the adapters of those that it calls itself.

A bank that brings an adapter of its own runs the tests of :mod:`bankcore.contracts` against it.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Protocol, cast
from uuid import UUID

from django.conf import settings
from django.utils.module_loading import import_string

from streaming.events import Event


@dataclass(frozen=True, slots=True, kw_only=True)
class PaymentInstruction:
    """
    One domestic payment that the customer approved.

    ``payment_id`` names the payment however often it is handed over. ``amount_minor`` is positive.
    ``instructed_at`` is when the platform took it (UTC). ``debtor_sort_code`` has 6 digits and
    ``debtor_account_number`` 8; ``creditor_identification`` is as ``creditor_scheme`` (a name of the
    UK standard, such as ``UK.OBIE.SortCodeAccountNumber``) writes it.
    """

    payment_id: UUID
    debtor_account_id: UUID
    debtor_sort_code: str
    debtor_account_number: str
    amount_minor: int
    currency: str
    creditor_name: str
    creditor_scheme: str
    creditor_identification: str
    reference: str | None
    end_to_end_identification: str
    local_instrument: str | None
    third_party_id: UUID
    consent_id: UUID
    customer_id: UUID
    instructed_at: datetime


class PaymentCore(Protocol):
    """Takes payments to the core, which answers later by :class:`bankcore.events.PaymentReported`."""

    def submit(self, instruction: PaymentInstruction) -> None:
        """
        Hand one payment over, as part of the caller's database transaction: rolled back, it was never sent.

        :raises streaming.errors.OutsideTransaction: if no transaction is open.
        """


@dataclass(frozen=True, slots=True, kw_only=True)
class SignedIn:
    """
    A customer proved who they are.

    ``customer_reference`` is the core's own key of the customer, ``acr`` how strongly it was proved
    (OpenID Connect Core §2), ``auth_time`` when (UTC).
    """

    customer_reference: str
    full_name: str
    acr: str
    auth_time: datetime


class CustomerSignIn(Protocol):
    """Proves who a customer is by the means of the bank's own channel."""

    def authenticate(self, *, username: str, secret: str, now: datetime) -> SignedIn | None:
        """
        Return who signed in, or ``None``: for an unknown name, a wrong secret and a locked account alike.

        An answer takes equally long whichever of these it is, and the secret is never kept or logged.
        """


class CustomerChannel(Protocol):
    """Reaches a customer outside the browser they are using now."""

    def send_code(self, *, customer_reference: str, code: str, purpose: str, now: datetime) -> None:
        """
        Send a one-time code together with what it is for, in words the customer understands.

        :raises bankcore.errors.CustomerUnreachable: if the bank has no way to reach them.
        """


class AccountsFeed(Protocol):
    """Turns what the core publishes about itself into canonical events."""

    def topics(self) -> tuple[str, ...]:
        """Return the raw topics to read, without the deployment's prefix."""

    def translate(self, *, topic: str, value: bytes | None) -> Sequence[Event]:
        """
        Return what one raw record says: nothing for a tombstone, never an old state for a new one.

        :raises streaming.consumers.Reject: for any record that cannot be understood; nothing else is raised.
        """


def accounts_feed() -> AccountsFeed:
    """Return the adapter that settings name as ``ACCOUNTS_FEED``."""
    return cast("AccountsFeed", import_string(settings.ACCOUNTS_FEED)())


def payment_core() -> PaymentCore:
    """Return the adapter that settings name as ``PAYMENT_CORE``."""
    return cast("PaymentCore", import_string(settings.PAYMENT_CORE)())


def customer_sign_in() -> CustomerSignIn:
    """Return the adapter that settings name as ``CUSTOMER_SIGN_IN``."""
    return cast("CustomerSignIn", import_string(settings.CUSTOMER_SIGN_IN)())
