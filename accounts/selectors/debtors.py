"""What a payment needs to know of the account that pays."""

from dataclasses import dataclass
from uuid import UUID

from accounts.errors import AccountNotFound
from accounts.models import Account


@dataclass(frozen=True, slots=True, kw_only=True)
class DebtorAccount:
    """An account by the number that the payment schemes know; sort code of six, number of eight digits."""

    account_id: UUID
    sort_code: str
    account_number: str
    holder_name: str
    currency: str
    is_open: bool


def get_debtor_account(*, account_id: UUID) -> DebtorAccount:
    """
    Return the account to pay from.

    :raises AccountNotFound: if it is not known.
    """
    account = Account.objects.filter(id=account_id).only(*_NEEDED).first()
    if account is None:
        raise AccountNotFound(account_id=account_id)
    return DebtorAccount(
        account_id=account_id,
        sort_code=account.sort_code,
        account_number=account.account_number,
        holder_name=account.holder_name,
        currency=account.currency,
        is_open=account.status == "open",
    )


_NEEDED = ("sort_code", "account_number", "holder_name", "currency", "status")
