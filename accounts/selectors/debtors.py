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
    currency: str
    is_open: bool


def get_debtor_account(*, account_id: UUID) -> DebtorAccount:
    """
    Return the account to pay from.

    :raises AccountNotFound: if it is not known.
    """
    account = Account.objects.filter(id=account_id).only("sort_code", "account_number", "currency", "status").first()
    if account is None:
        raise AccountNotFound(account_id=account_id)
    return DebtorAccount(
        account_id=account_id,
        sort_code=account.sort_code,
        account_number=account.account_number,
        currency=account.currency,
        is_open=account.status == "open",
    )
