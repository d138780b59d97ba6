"""News about accounts, for those who follow them; history that is read for the first time is none."""

from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

from streaming import topics
from streaming.events import Event

topics.declare("account.events.v1", owner="accounts", purpose="News of balances and booked transactions, by account.")


@dataclass(frozen=True, slots=True, kw_only=True)
class TransactionBooked(Event):
    """A transaction entered the books; ``amount_minor`` is never negative, ``direction`` says which way."""

    name = "accounts.transaction.booked"
    aggregate_type = "account"
    subject = "account_id"
    topic = "account.events.v1"
    serves = ("2b", "8a")
    example = {"direction": "debit", "amount_minor": 1250, "currency": "GBP"}

    account_id: UUID
    transaction_id: UUID
    direction: str
    amount_minor: int
    currency: str
    booked_at: datetime


@dataclass(frozen=True, slots=True, kw_only=True)
class BalanceMoved(Event):
    """An account's balance changed; signed minor units, money owed by the customer is negative."""

    name = "accounts.balance.changed"
    aggregate_type = "account"
    subject = "account_id"
    topic = "account.events.v1"
    serves = ("2b", "8a")
    example = {"currency": "GBP", "booked_minor": 84_310, "available_minor": 83_060}

    account_id: UUID
    currency: str
    booked_minor: int
    available_minor: int
    as_of: datetime
