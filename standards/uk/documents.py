"""The JSON of accounts, balances and transactions, rendered once at ingest: 4.0.1-shaped, one per permission level."""

from datetime import UTC, date, datetime, time
from typing import Any

import msgspec
import orjson

from accounts.ports import AccountFields, BalanceFields, Documents, TransactionFields
from kernel.money import decimal_string
from standards.uk.dates import write_instant

ACCOUNT_TYPES = {"current": "CACC", "savings": "SVGS", "credit_card": "CARD"}
"""``AccountTypeCode`` by the core's kind of account."""

ACCOUNT_STATUSES = {"open": "Enabled", "closed": "Deleted"}

TRANSACTION_STATUSES = {"booked": "BOOK", "pending": "PDNG"}


class UkDocuments:
    """
    Implements :class:`accounts.ports.DocumentRenderer`. Fields that are not known are left out.

    What is rendered by the million, transactions, is built by hand and written once: ``detail`` continues ``basic``.
    """

    def render_account(self, account: AccountFields, /) -> Documents:
        basic = _known(
            AccountId=account.account_id.hex,
            Status=ACCOUNT_STATUSES[account.status],
            StatusUpdateDateTime=_midnight(account.closed_date or account.opened_date),
            Currency=account.currency,
            AccountTypeCode=ACCOUNT_TYPES[account.kind],
            Description=account.product_name[:35],
            Nickname=account.nickname and account.nickname[:70],
            OpeningDate=_midnight(account.opened_date),
        )
        return Documents(
            basic=orjson.dumps(basic),
            detail=orjson.dumps(basic | {"Account": _identifications(account, pan=mask_pan(account.pan))}),
            detail_pan=orjson.dumps(basic | {"Account": _identifications(account, pan=account.pan)})
            if account.pan
            else None,
        )

    def render_balances(self, balance: BalanceFields, /) -> bytes:
        booked = _balance(balance, "ITBD", balance.booked_minor)
        available = _balance(balance, "ITAV", balance.available_minor)
        if balance.credit_limit_minor is not None:
            limit = _money(balance.credit_limit_minor, balance.currency)
            available["CreditLine"] = [{"Included": True, "Type": "Pre-Agreed", "Amount": limit}]
        return orjson.dumps(booked) + b"," + orjson.dumps(available)

    def render_transaction(self, transaction: TransactionFields, /) -> Documents:
        basic = _encode(_transaction_basic(transaction))
        more = _encode(_transaction_detail(transaction))
        return Documents(basic=basic, detail=basic if more == b"{}" else b"%b,%b" % (basic[:-1], more[1:]))


render = UkDocuments()


_encode = msgspec.json.Encoder().encode
"""Writes what orjson would, and instants in a sixth of the time."""


def mask_pan(pan: str | None) -> str | None:
    """Return a primary account number of which only the last four digits are legible."""
    return pan and "*" * (len(pan) - 4) + pan[-4:]


def _identifications(account: AccountFields, *, pan: str | None) -> list[dict[str, Any]]:
    if pan:
        return [_identification("UK.OBIE.PAN", pan, account)]
    number = _identification("UK.OBIE.SortCodeAccountNumber", account.sort_code + account.account_number, account)
    return [number, _identification("UK.OBIE.IBAN", account.iban, account)] if account.iban else [number]


def _identification(scheme: str, identification: str, account: AccountFields) -> dict[str, Any]:
    return _known(SchemeName=scheme, Identification=identification, Name=account.holder_name[:350])


def _balance(balance: BalanceFields, kind: str, amount_minor: int) -> dict[str, Any]:
    return {
        "AccountId": balance.account_id.hex,
        "CreditDebitIndicator": _side(amount_minor),
        "Type": kind,
        "DateTime": write_instant(balance.as_of),
        "Amount": _money(amount_minor, balance.currency),
    }


def _transaction_basic(transaction: TransactionFields) -> dict[str, Any]:
    is_booked = transaction.status == "booked"
    basic: dict[str, Any] = {
        "AccountId": transaction.account_id.hex,
        "TransactionId": transaction.transaction_id.hex,
    }
    if transaction.reference:
        basic["TransactionReference"] = transaction.reference[:210]
    basic["CreditDebitIndicator"] = "Credit" if transaction.direction == "credit" else "Debit"
    basic["Status"] = TRANSACTION_STATUSES[transaction.status]
    basic["TransactionMutability"] = "Immutable" if is_booked else "Mutable"
    basic["BookingDateTime"] = transaction.booked_at.astimezone(UTC)
    basic["ValueDateTime"] = transaction.value_at.astimezone(UTC)
    basic["Amount"] = _money(transaction.amount_minor, transaction.currency)
    if transaction.family_code and transaction.sub_family_code:
        basic["BankTransactionCode"] = {"Code": transaction.family_code, "SubCode": transaction.sub_family_code}
    if transaction.kind_code:
        basic["ProprietaryBankTransactionCode"] = {"Code": transaction.kind_code[:35]}
    return basic


def _transaction_detail(transaction: TransactionFields) -> dict[str, Any]:
    detail: dict[str, Any] = {}
    if transaction.description:
        detail["TransactionInformation"] = transaction.description[:500]
    if transaction.balance_after_minor is not None:
        detail["Balance"] = _balance_after(transaction.balance_after_minor, transaction.currency)
    if transaction.merchant_name or transaction.merchant_category_code:
        detail["MerchantDetails"] = _merchant(transaction)
    if counterparty := _counterparty(transaction):
        detail["DebtorAccount" if transaction.direction == "credit" else "CreditorAccount"] = counterparty
    return detail


def _balance_after(amount_minor: int, currency: str) -> dict[str, Any]:
    return {
        "CreditDebitIndicator": _side(amount_minor),
        "Type": "ITBD",
        "Amount": _money(amount_minor, currency),
    }


def _merchant(transaction: TransactionFields) -> dict[str, Any]:
    merchant = {}
    if transaction.merchant_name:
        merchant["MerchantName"] = transaction.merchant_name[:350]
    if transaction.merchant_category_code:
        merchant["MerchantCategoryCode"] = transaction.merchant_category_code
    return merchant


def _counterparty(transaction: TransactionFields) -> dict[str, Any]:
    counterparty = {}
    if transaction.counterparty_sort_code and transaction.counterparty_account:
        counterparty["SchemeName"] = "UK.OBIE.SortCodeAccountNumber"
        counterparty["Identification"] = transaction.counterparty_sort_code + transaction.counterparty_account
    if transaction.counterparty_name:
        counterparty["Name"] = transaction.counterparty_name[:350]
    return counterparty


def _side(amount_minor: int) -> str:
    """Return the indicator of a signed amount; zero counts as credit."""
    return "Debit" if amount_minor < 0 else "Credit"


def _money(amount_minor: int, currency: str) -> dict[str, str]:
    """Return the magnitude of an amount; its sign is told by an indicator beside it."""
    return {"Amount": decimal_string(abs(amount_minor), currency), "Currency": currency}


def _midnight(day: date) -> str:
    return write_instant(datetime.combine(day, time(), UTC))


def _known(**fields: Any) -> dict[str, Any]:
    """Return the fields that have a value: the standard leaves others out (never ``""``, ``{}`` or ``null``)."""
    return {name: value for name, value in fields.items() if value}
