"""Account access consents: what may be asked for (4.0.1, account-access-consents; permissions)."""

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from standards.uk.codes import ErrorCode
from standards.uk.dates import read_instant
from standards.uk.errors import Fault, Refused

BASIC_OR_DETAIL = frozenset({"ReadTransactionsBasic", "ReadTransactionsDetail"})
CREDITS_OR_DEBITS = frozenset({"ReadTransactionsCredits", "ReadTransactionsDebits"})
ACCOUNTS = frozenset({"ReadAccountsBasic", "ReadAccountsDetail"})

_PERMISSIONS = "Data.Permissions"


@dataclass(frozen=True, slots=True, kw_only=True)
class AccountAccessTerms:
    """What a body asks for: the standard's permission codes, and instants in UTC."""

    permissions: frozenset[str]
    expires_at: datetime | None
    transactions_from: datetime | None
    transactions_to: datetime | None


def read_account_access(body: dict[str, Any], *, now: datetime) -> AccountAccessTerms:
    """
    Read a body that fits its schema.

    :raises Refused: if the permissions make no sense together, or the dates do not.
    """
    asked = body["Data"]
    faults = list(_faults_of_permissions(frozenset(asked["Permissions"])))
    terms = AccountAccessTerms(
        permissions=frozenset(asked["Permissions"]),
        expires_at=_read_date(asked, "ExpirationDateTime", faults),
        transactions_from=_read_date(asked, "TransactionFromDateTime", faults),
        transactions_to=_read_date(asked, "TransactionToDateTime", faults),
    )
    faults += _faults_of_dates(terms, now)
    if faults:
        raise Refused(*faults)
    return terms


def _faults_of_permissions(permissions: frozenset[str]) -> Iterator[Fault]:
    if not permissions & ACCOUNTS:
        sentence = "One of ReadAccountsBasic and ReadAccountsDetail is needed."
        yield Fault(ErrorCode.FIELD_EXPECTED, sentence, _PERMISSIONS)
    if permissions & BASIC_OR_DETAIL and not permissions & CREDITS_OR_DEBITS:
        sentence = "Transactions also need ReadTransactionsCredits or ReadTransactionsDebits."
        yield Fault(ErrorCode.FIELD_EXPECTED, sentence, _PERMISSIONS)
    if permissions & CREDITS_OR_DEBITS and not permissions & BASIC_OR_DETAIL:
        sentence = "Credits and debits also need ReadTransactionsBasic or ReadTransactionsDetail."
        yield Fault(ErrorCode.FIELD_EXPECTED, sentence, _PERMISSIONS)


def _faults_of_dates(terms: AccountAccessTerms, now: datetime) -> Iterator[Fault]:
    if terms.expires_at and terms.expires_at <= now:
        yield Fault(ErrorCode.FIELD_INVALID_DATE, "The date lies in the past.", "Data.ExpirationDateTime")
    if terms.transactions_from and terms.transactions_to and terms.transactions_to < terms.transactions_from:
        sentence = "The end lies before the beginning."
        yield Fault(ErrorCode.FIELD_INVALID_DATE, sentence, "Data.TransactionToDateTime")


def _read_date(asked: dict[str, Any], name: str, faults: list[Fault]) -> datetime | None:
    if name not in asked:
        return None
    try:
        return read_instant(asked[name])
    except ValueError:
        faults.append(Fault(ErrorCode.FIELD_INVALID_DATE, "The value is not a date-time with a zone.", f"Data.{name}"))
        return None
