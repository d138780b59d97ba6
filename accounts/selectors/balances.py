"""What accounts hold: for third parties as documents, for the bank's own rooms as money."""

from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

from django.db import connection

from accounts.errors import PermissionMissing
from accounts.models import Balance
from accounts.selectors.documents import DocumentList, ensure_covers
from consents.access import Grant
from kernel.money import Money


def list_balance_documents(*, grant: Grant, account_id: UUID) -> DocumentList:
    """
    Return one account's balances: what is booked and what is available.

    :raises AccountNotFound: if the customer did not choose the account.
    :raises PermissionMissing: if the customer did not permit ReadBalances.
    """
    ensure_covers(grant, account_id)
    if "ReadBalances" not in grant.permissions:
        raise PermissionMissing(needs="ReadBalances")
    with connection.cursor() as cursor:
        cursor.execute("SELECT document, as_of FROM accounts_balance WHERE account_id = %s", [account_id])
        document, as_of = cursor.fetchone() or ("", None)
    return DocumentList(documents=document.encode(), as_of=as_of)


@dataclass(frozen=True, slots=True, kw_only=True)
class AvailableFunds:
    """What could be paid from an account at a moment, its credit limit included."""

    money: Money
    as_of: datetime


def get_available_funds(*, account_id: UUID) -> AvailableFunds | None:
    """
    Return what the account could pay as far as is known here, for information: the binding check is the core's.

    ``None`` if no balance is known.
    """
    balance = Balance.objects.filter(account_id=account_id).first()
    if balance is None:
        return None
    return AvailableFunds(money=Money(balance.available_minor, balance.currency), as_of=balance.as_of)
