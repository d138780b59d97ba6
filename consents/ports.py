"""What the room needs of rooms above it."""

from collections.abc import Collection, Sequence
from dataclasses import dataclass
from typing import Protocol, cast
from uuid import UUID

from django.conf import settings
from django.utils.module_loading import import_string

from kernel.money import Money


@dataclass(frozen=True, slots=True, kw_only=True)
class AccountChoice:
    """An account as a customer recognises it; the number is masked to its last four digits."""

    account_id: UUID
    name: str
    masked_number: str
    kind: str
    balance: Money | None = None


class AccountDirectory(Protocol):
    """
    Which accounts a customer may share; named by ``settings.ACCOUNT_DIRECTORY``.

    ``customer_id`` is the id of an ``oauth.User``; its ``party_id`` leads to the core.
    """

    def choices(self, *, customer_id: UUID) -> Sequence[AccountChoice]:
        """Return the open accounts that the customer may share, in a stable order."""

    def owned(self, *, customer_id: UUID, account_ids: Collection[UUID]) -> frozenset[UUID]:
        """Return those of the accounts that the customer may share."""

    def describe(self, *, account_ids: Collection[UUID]) -> Sequence[AccountChoice]:
        """Return what is known of these accounts, closed ones too; unknown ids are left out."""

    def find(self, *, sort_code: str, last_four: str) -> frozenset[UUID]:
        """Return the accounts with this sort code (six digits) and these last four digits."""

    def identified(self, *, scheme: str, identification: str) -> UUID | None:
        """Return the account that a standard's scheme and identification name, if the bank holds it."""


def account_directory() -> AccountDirectory:
    """Return the directory that this deployment uses."""
    return cast("AccountDirectory", import_string(settings.ACCOUNT_DIRECTORY)())
