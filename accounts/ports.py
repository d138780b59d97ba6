"""
What ``accounts`` needs from the face above it: the JSON that is stored beside every row.

Values are msgspec's structs, as they are made for every row of a feed: a frozen dataclass takes five times as long.
"""

from datetime import date, datetime
from typing import Protocol, cast
from uuid import UUID

import msgspec
from django.conf import settings
from django.utils.module_loading import import_string


class DocumentRenderer(Protocol):
    """
    Makes the JSON fragments of one face, once, when the core tells its news.

    Named by ``settings.DOCUMENT_RENDERER``. Pure: the same fields always give the same bytes (no clock, no
    other row, no database), so that a replay of the events gives the same documents. Raises nothing for
    fields of the declared types.
    """

    def render_account(self, account: "AccountFields", /) -> "Documents":
        """Return one account as the face's JSON object, per permission level."""

    def render_transaction(self, transaction: "TransactionFields", /) -> "Documents":
        """Return one transaction, booked or pending, as the face's JSON object, per permission level."""

    def render_balances(self, balance: "BalanceFields", /) -> bytes:
        """Return the account's balances as JSON objects joined by commas, without the array's brackets."""


class Documents(msgspec.Struct, frozen=True, kw_only=True, gc=False):
    """One JSON object in UTF-8, as far as the customer's permission reaches."""

    basic: bytes
    detail: bytes
    """With the fields of the Detail permission; a primary account number (PAN) is masked."""
    detail_pan: bytes | None = None
    """``detail`` with the PAN in clear; ``None`` where there is no PAN."""

    def as_columns(self) -> dict[str, str | None]:
        """Return the documents by the names of the columns that store them."""
        return {
            "document_basic": self.basic.decode(),
            "document_detail": self.detail.decode(),
            "document_detail_pan": None if self.detail_pan is None else self.detail_pan.decode(),
        }


class AccountFields(msgspec.Struct, frozen=True, kw_only=True, gc=False):
    """An account as the core describes it now."""

    account_id: UUID
    sort_code: str
    """Six digits."""
    account_number: str
    """Eight digits."""
    iban: str | None
    pan: str | None
    """The primary account number of a credit card, in clear."""
    currency: str
    kind: str
    """``current``, ``savings`` or ``credit_card``."""
    product_name: str
    nickname: str | None
    holder_name: str
    status: str
    """``open`` or ``closed``."""
    opened_date: date
    closed_date: date | None


class BalanceFields(msgspec.Struct, frozen=True, kw_only=True, gc=False):
    """What an account holds at a moment; signed minor units, money owed by the customer is negative."""

    account_id: UUID
    currency: str
    booked_minor: int
    available_minor: int
    credit_limit_minor: int | None
    """The overdraft or card limit, not negative; ``None`` where there is none."""
    as_of: datetime


class TransactionFields(msgspec.Struct, frozen=True, kw_only=True, gc=False):
    """One movement on an account, booked or still expected."""

    transaction_id: UUID
    account_id: UUID
    source_ref: str
    """The core's own reference."""
    status: str
    """``booked`` or ``pending``."""
    direction: str
    """``credit`` or ``debit``."""
    amount_minor: int
    """Minor units, never negative; ``direction`` says which way."""
    currency: str
    booked_at: datetime
    """UTC; of a pending transaction, when it is expected to be booked."""
    value_at: datetime
    description: str
    kind_code: str
    """The bank's own code: ``FPO``, ``DD``, ``SO``, ``CARD``, ``SAL``, ``ATM``, ``INT``, ``FEE``."""
    domain_code: str
    """ISO 20022 bank transaction code: domain, such as ``PMNT``."""
    family_code: str
    """ISO 20022 bank transaction code: family, such as ``RCDT``."""
    sub_family_code: str
    """ISO 20022 bank transaction code: sub-family, such as ``ESCT``."""
    merchant_name: str | None
    merchant_category_code: str | None
    counterparty_name: str | None
    counterparty_sort_code: str | None
    counterparty_account: str | None
    reference: str | None
    """The payment's reference or end-to-end identification."""
    balance_after_minor: int | None
    """The booked balance after this movement; signed minor units."""


def document_renderer() -> DocumentRenderer:
    """Return the renderer that settings name."""
    return cast("DocumentRenderer", import_string(settings.DOCUMENT_RENDERER))
