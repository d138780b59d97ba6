"""What the room does for rooms below it: it tells which accounts a customer may share."""

from collections.abc import Collection, Sequence
from typing import Any
from uuid import UUID

from django.db import connection

from consents.ports import AccountChoice
from kernel.money import Money


class Directory:
    """
    The accounts of this room, for ``consents.ports.AccountDirectory``.

    A customer may share every open account that they hold, alone or jointly, credit cards included. A closed one
    can no longer be chosen; where it was chosen before, it stays described.
    """

    def choices(self, *, customer_id: UUID) -> Sequence[AccountChoice]:
        """Return the open accounts that the customer may share: current accounts first, then by number."""
        return _choices(f"{_DESCRIBE} WHERE account.id IN ({_OWNED}) {_IN_ORDER}", {"customer": customer_id})

    def owned(self, *, customer_id: UUID, account_ids: Collection[UUID]) -> frozenset[UUID]:
        """Return those of the accounts that the customer may share."""
        asked = {"customer": customer_id, "accounts": list(account_ids)}
        return _ids(f"SELECT owned.id FROM ({_OWNED}) AS owned WHERE owned.id = ANY(%(accounts)s)", asked)

    def describe(self, *, account_ids: Collection[UUID]) -> Sequence[AccountChoice]:
        """Return what is known of these accounts, closed ones too; unknown ids are left out."""
        return _choices(
            f"{_DESCRIBE} WHERE account.id = ANY(%(accounts)s) {_IN_ORDER}", {"accounts": list(account_ids)}
        )

    def find(self, *, sort_code: str, last_four: str) -> frozenset[UUID]:
        """Return the accounts with this sort code (six digits) and these last four digits of their number or PAN."""
        return _ids(_FIND, {"sort_code": sort_code, "last_four": last_four})

    def identified(self, *, scheme: str, identification: str) -> UUID | None:
        """Return the account that a scheme of the UK standard and an identification name, if the bank holds it."""
        written = identification.replace(" ", "").replace("-", "")
        if scheme == "UK.OBIE.SortCodeAccountNumber":
            found = _ids(_BY_NUMBER, {"sort_code": written[:6], "account_number": written[6:]})
        elif scheme == "UK.OBIE.IBAN":
            found = _ids("SELECT id FROM accounts_account WHERE iban = %(iban)s", {"iban": written.upper()})
        else:
            return None
        return next(iter(found)) if len(found) == 1 else None


_OWNED = """
SELECT account.id FROM accounts_account AS account
JOIN accounts_holder AS holder ON holder.account_id = account.id AND NOT holder.is_ended
JOIN oauth_user AS customer ON customer.party_id = holder.party_id
WHERE customer.id = %(customer)s AND account.status = 'open'
"""

_DESCRIBE = """
SELECT account.id, COALESCE(account.nickname, account.product_name), account.account_number, account.pan_last_four,
       account.kind, balance.booked_minor, balance.currency
FROM accounts_account AS account LEFT JOIN accounts_balance AS balance ON balance.account_id = account.id
"""

_IN_ORDER = """
ORDER BY array_position(ARRAY['current', 'savings'], account.kind) NULLS LAST,
         account.sort_code, account.account_number, account.id
"""

_FIND = """
SELECT id FROM accounts_account
WHERE sort_code = %(sort_code)s AND (right(account_number, 4) = %(last_four)s OR pan_last_four = %(last_four)s)
"""

_BY_NUMBER = "SELECT id FROM accounts_account WHERE sort_code = %(sort_code)s AND account_number = %(account_number)s"


def _choices(statement: str, parameters: dict[str, Any]) -> Sequence[AccountChoice]:
    with connection.cursor() as cursor:
        cursor.execute(statement, parameters)
        rows = cursor.fetchall()
    return [
        AccountChoice(
            account_id=account_id,
            name=name,
            masked_number=f"•••• {pan_last_four or account_number[-4:]}",
            kind=kind,
            balance=None if booked_minor is None else Money(booked_minor, currency),
        )
        for account_id, name, account_number, pan_last_four, kind, booked_minor, currency in rows
    ]


def _ids(statement: str, parameters: dict[str, Any]) -> frozenset[UUID]:
    with connection.cursor() as cursor:
        cursor.execute(statement, parameters)
        return frozenset(account_id for (account_id,) in cursor.fetchall())
