"""What is written, published and applied: movements on accounts, as the simulated core would tell them."""

from collections.abc import Iterable, Iterator
from datetime import UTC, datetime, timedelta
from itertools import count, islice
from uuid import UUID

from django.db import transaction

from bankcore.events import BookingStatus, Direction, TransactionChanged
from kernel.identifiers import new_id
from streaming import outbox
from streaming.events import Event

TOPIC = TransactionChanged.topic
GROUP = "accounts.transactions"
ACCOUNTS = 500
"""The key is the account, so this spreads the records over all partitions."""
RECORDED_AT_ONCE = 1_000

_BEGAN_AT = datetime(2026, 1, 1, tzinfo=UTC)
_versions = count(1)
_accounts = tuple(new_id() for _ in range(ACCOUNTS))


def movements(number: int, *, is_snapshot: bool) -> Iterator[TransactionChanged]:
    """Yield booked movements, account after account; a snapshot's are history, of which nobody is told."""
    for _ in range(number):
        yield a_movement(is_snapshot=is_snapshot)


def a_movement(*, is_snapshot: bool) -> TransactionChanged:
    """Return the next booked movement: a card payment, like most."""
    version = next(_versions)
    booked_at = _BEGAN_AT + timedelta(seconds=version)
    return TransactionChanged(
        occurred_at=booked_at,
        source_version=version,
        is_snapshot=is_snapshot,
        transaction_id=new_id(),
        account_id=_account(version),
        source_ref=f"T{version}",
        status=BookingStatus.BOOKED,
        direction=Direction.DEBIT,
        amount_minor=100 + version % 90_000,
        currency="GBP",
        booked_at=booked_at,
        value_at=booked_at,
        description="QP *THIRD BEAN TOLMERE",
        kind_code="CARD",
        domain_code="PMNT",
        family_code="CCRD",
        sub_family_code="POSD",
        merchant_name="Third Bean",
        merchant_category_code="5814",
        counterparty_name=None,
        counterparty_sort_code=None,
        counterparty_account=None,
        reference=None,
        balance_after_minor=123_456,
        payment_id=None,
    )


def record(events: Iterable[Event]) -> None:
    """Write events to the log in transactions of a thousand, as consumers write their outputs."""
    left = iter(events)
    while some := list(islice(left, RECORDED_AT_ONCE)):
        with transaction.atomic():
            outbox.record_many(some)


def _account(version: int) -> UUID:
    return _accounts[version % ACCOUNTS]
