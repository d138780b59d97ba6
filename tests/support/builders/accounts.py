"""What the core says about accounts, and views that have heard it."""

from collections.abc import Callable, Sequence
from dataclasses import replace
from datetime import UTC, date, datetime, timedelta
from itertools import count
from typing import Any, TypeVar
from uuid import UUID, uuid4

from django.db import transaction

from bankcore.events import (
    AccountChanged,
    AccountKind,
    AccountStatus,
    BalanceChanged,
    BookingStatus,
    Direction,
    HolderChanged,
    HolderRole,
    PartyChanged,
    PartyKind,
    TransactionChanged,
)
from consents.access import Grant
from consents.states import ConsentKind, ConsentStatus
from oauth.access import Caller
from streaming.consumers import Received
from streaming.consuming.registry import get_group
from streaming.events import Event

E = TypeVar("E", bound=Event)

LONG_AGO = datetime(2026, 11, 1, 9, 0, tzinfo=UTC)
_numbers = count(10_000_000)
_versions = count(1)


def an_account_changed(account_id: UUID | None = None, **changes: Any) -> AccountChanged:
    """Return the core's word about a current account, newer than all that was built before."""
    event = AccountChanged(
        occurred_at=LONG_AGO,
        source_version=next(_versions),
        is_snapshot=False,
        account_id=account_id or uuid4(),
        number_sort_code="090126",
        number_account=str(next(_numbers)),
        iban=None,
        pan=None,
        currency="GBP",
        kind=AccountKind.CURRENT,
        product_name="Everyday Account",
        nickname=None,
        holder_name="Ada Norris",
        status=AccountStatus.OPEN,
        opened_date=date(2020, 2, 29),
        closed_date=None,
    )
    return replace(event, **changes)


def a_balance_changed(account_id: UUID | None = None, **changes: Any) -> BalanceChanged:
    """Return the core's word about a balance of 1,234.56 GBP."""
    event = BalanceChanged(
        occurred_at=LONG_AGO,
        source_version=next(_versions),
        is_snapshot=False,
        account_id=account_id or uuid4(),
        currency="GBP",
        booked_minor=123_456,
        available_minor=123_456,
        credit_limit_minor=None,
        as_of=LONG_AGO,
    )
    return replace(event, **changes)


def a_transaction_changed(account_id: UUID | None = None, **changes: Any) -> TransactionChanged:
    """Return the core's word about a booked card payment of 12.50 GBP."""
    version = next(_versions)
    event = TransactionChanged(
        occurred_at=LONG_AGO,
        source_version=version,
        is_snapshot=False,
        transaction_id=uuid4(),
        account_id=account_id or uuid4(),
        source_ref=f"T{version}",
        status=BookingStatus.BOOKED,
        direction=Direction.DEBIT,
        amount_minor=1_250,
        currency="GBP",
        booked_at=LONG_AGO + timedelta(seconds=version),
        value_at=LONG_AGO + timedelta(seconds=version),
        description="PENNINE BAKERY LEEDS",
        kind_code="CARD",
        domain_code="PMNT",
        family_code="CCRD",
        sub_family_code="POSD",
        merchant_name="Pennine Bakery",
        merchant_category_code="5462",
        counterparty_name=None,
        counterparty_sort_code=None,
        counterparty_account=None,
        reference=None,
        balance_after_minor=None,
        payment_id=None,
    )
    return replace(event, **changes)


def a_party_changed(party_id: UUID | None = None, **changes: Any) -> PartyChanged:
    """Return the core's word about a customer."""
    event = PartyChanged(
        occurred_at=LONG_AGO,
        source_version=next(_versions),
        is_snapshot=False,
        party_id=party_id or uuid4(),
        customer_reference="C-1",
        kind=PartyKind.PERSON,
        full_name="Ada Norris",
        email=None,
        phone=None,
        address_lines=("1 Mill Lane",),
        post_code="LS1 1AA",
        town="Leeds",
        country="GB",
    )
    return replace(event, **changes)


def a_holder_changed(*, party_id: UUID, account_id: UUID, **changes: Any) -> HolderChanged:
    """Return the core's word that a party holds an account."""
    event = HolderChanged(
        occurred_at=LONG_AGO,
        source_version=next(_versions),
        is_snapshot=False,
        holder_id=uuid4(),
        party_id=party_id,
        account_id=account_id,
        role=HolderRole.OWNER,
        is_ended=False,
    )
    return replace(event, **changes)


def an_account(*, party_id: UUID | None = None, booked_minor: int = 123_456, **changes: Any) -> UUID:
    """Let the views hear of an account with its balance and, if a party is named, its holder; returns its id."""
    event = an_account_changed(**changes)
    tell(event)
    tell(a_balance_changed(event.account_id, booked_minor=booked_minor, available_minor=booked_minor))
    if party_id is not None:
        tell(a_holder_changed(party_id=party_id, account_id=event.account_id))
    return event.account_id


def a_transaction(account_id: UUID, **changes: Any) -> UUID:
    """Let the views hear of a transaction; returns its id."""
    event = a_transaction_changed(account_id, **changes)
    tell(event)
    return event.transaction_id


def an_account_grant(*account_ids: UUID, permissions: Sequence[str] = (), **changes: Any) -> Grant:
    """Return a grant over these accounts; without ``permissions``, of all that the room can show but the PAN."""
    grant = Grant(
        caller=Caller(third_party_id=uuid4(), client_id="a-client", scopes=frozenset({"accounts"})),
        consent_id=uuid4(),
        kind=ConsentKind.ACCOUNT_ACCESS,
        status=ConsentStatus.AUTHORISED,
        customer_id=uuid4(),
        permissions=frozenset(permissions or ALL_BUT_PAN),
        account_ids=frozenset(account_ids),
    )
    return replace(grant, **changes)


ALL_BUT_PAN = (
    "ReadAccountsBasic",
    "ReadAccountsDetail",
    "ReadBalances",
    "ReadTransactionsBasic",
    "ReadTransactionsDetail",
    "ReadTransactionsCredits",
    "ReadTransactionsDebits",
)


def tell(*events: Event) -> None:
    """Hand events of one type to their handler, as one batch in one transaction."""
    handler = get_group(_GROUPS[type(events[0])]).by_type[events[0].name]
    with transaction.atomic():
        handler.apply([as_received(event, prepare=handler.prepare) for event in events])


_GROUPS: dict[type[Event], str] = {
    AccountChanged: "accounts.accounts",
    BalanceChanged: "accounts.balances",
    PartyChanged: "accounts.parties",
    HolderChanged: "accounts.holders",
    TransactionChanged: "accounts.transactions",
}


def as_received(event: E, *, prepare: Callable[[E], Any] | None = None) -> Received[E]:
    """Wrap an event as a consumer gets it; where it lies in its topic matters to nobody here."""
    event_id = uuid4()
    return Received(
        event=event,
        event_id=event_id,
        type=event.name,
        aggregate_type=event.aggregate_type,
        aggregate_id=event.aggregate_id,
        version=1,
        key=event.aggregate_id,
        topic=event.topic,
        partition=0,
        offset=0,
        occurred_at=event.occurred_at,
        correlation_id=str(event_id),
        causation_id=None,
        traceparent=None,
        prepared=prepare and prepare(event),
    )
