"""Movements on accounts: pending ones in a table of their own, until they are booked."""

from collections.abc import Sequence
from collections.abc import Set as AbstractSet
from typing import Any
from uuid import UUID

import msgspec

from accounts.consumers.newest import encode, execute_encoded, incoming, keep_newest, newest_of_each
from accounts.events import TransactionBooked
from accounts.models import PendingTransaction, Transaction
from accounts.ports import TransactionFields, document_renderer
from bankcore.events import BookingStatus, TransactionChanged
from streaming import outbox
from streaming.consumers import Received, handles, keeps

keeps("accounts_transaction", "accounts_pendingtransaction", group="accounts.transactions")


class _Prepared(msgspec.Struct, frozen=True, gc=False):
    """A movement as the table of its status keeps it: its JSON object for the typed columns, and the documents."""

    row: bytes
    basic: bytes
    detail: bytes


def _prepare(event: TransactionChanged) -> _Prepared:
    documents = document_renderer().render_transaction(_fields(event))
    return _Prepared(encode(_row(event)), documents.basic, documents.detail)


@handles(TransactionChanged, group="accounts.transactions", prepare=_prepare)
def apply_transactions_changed(batch: Sequence[Received[TransactionChanged]]) -> None:
    """Keep each movement's newest state in the table of its status; of one that is newly booked, tell once."""
    newest = newest_of_each(batch, by="transaction_id")
    booked = [received for received in newest if received.event.status == BookingStatus.BOOKED]
    pending = [received for received in newest if received.event.status != BookingStatus.BOOKED]
    history = _read_as_history(batch)
    added = _keep(_KEEP_BOOKED, booked, history)
    _keep(_KEEP_PENDING, pending, history)

    causes = [received for received in booked if received.event.transaction_id in added] if added else []
    outbox.record_many([_news(received.event) for received in causes], causes=causes)


def _read_as_history(batch: Sequence[Received[TransactionChanged]]) -> set[int]:
    """Return the movements that first came as booked in a snapshot: a correction that follows is no news either."""
    first_as_snapshot: dict[int, bool] = {}
    for received in batch:
        event = received.event
        if event.status == BookingStatus.BOOKED:
            first_as_snapshot.setdefault(event.transaction_id.int, event.is_snapshot)
    return {transaction_id for transaction_id, is_snapshot in first_as_snapshot.items() if is_snapshot}


def _keep_in(table: type[Transaction | PendingTransaction], *, other: str) -> str:
    """Return the statement that keeps movements in one table and takes them out of the other; tells which are news."""
    is_not_older = (
        f"NOT EXISTS (SELECT FROM {other} WHERE id = incoming.id AND source_version >= incoming.source_version)"
    )
    return f"""
        WITH {incoming(table, lines=("document_basic", "document_detail", "is_history"))},
        moved AS (
            DELETE FROM {other} AS moving USING incoming
            WHERE moving.id = incoming.id AND moving.source_version < incoming.source_version),
        kept AS ({keep_newest(table, where=is_not_older)} RETURNING id, xmax = 0 AS is_new)
        SELECT id FROM incoming JOIN kept USING (id) WHERE kept.is_new AND incoming.is_history = 'no'"""


_KEEP_BOOKED = _keep_in(Transaction, other="accounts_pendingtransaction")
_KEEP_PENDING = _keep_in(PendingTransaction, other="accounts_transaction")


def _keep(
    statement: str, movements: Sequence[Received[TransactionChanged]], history: AbstractSet[int]
) -> AbstractSet[UUID]:
    """Keep movements; return which of them are new and no history."""
    if not movements:
        return frozenset()
    prepared: list[_Prepared] = [received.prepared for received in movements]
    lines = (
        [each.basic for each in prepared],
        [each.detail for each in prepared],
        [b"yes" if received.event.transaction_id.int in history else b"no" for received in movements],
    )
    kept = execute_encoded(statement, [each.row for each in prepared], lines=lines)
    return {transaction_id for (transaction_id,) in kept}


def _row(event: TransactionChanged) -> dict[str, Any]:
    return {
        "id": event.transaction_id,
        "account_id": event.account_id,
        "source_ref": event.source_ref,
        "direction": event.direction,
        "amount_minor": event.amount_minor,
        "currency": event.currency,
        "booked_at": event.booked_at,
        "value_at": event.value_at,
        "kind_code": event.kind_code,
        "description": event.description,
        "balance_after_minor": event.balance_after_minor,
        "payment_id": event.payment_id,
        "source_version": event.source_version,
        "as_of": event.occurred_at,
    }


def _fields(event: TransactionChanged) -> TransactionFields:
    return TransactionFields(
        transaction_id=event.transaction_id,
        account_id=event.account_id,
        source_ref=event.source_ref,
        status=event.status,
        direction=event.direction,
        amount_minor=event.amount_minor,
        currency=event.currency,
        booked_at=event.booked_at,
        value_at=event.value_at,
        description=event.description,
        kind_code=event.kind_code,
        domain_code=event.domain_code,
        family_code=event.family_code,
        sub_family_code=event.sub_family_code,
        merchant_name=event.merchant_name,
        merchant_category_code=event.merchant_category_code,
        counterparty_name=event.counterparty_name,
        counterparty_sort_code=event.counterparty_sort_code,
        counterparty_account=event.counterparty_account,
        reference=event.reference,
        balance_after_minor=event.balance_after_minor,
    )


def _news(event: TransactionChanged) -> TransactionBooked:
    return TransactionBooked(
        occurred_at=event.occurred_at,
        account_id=event.account_id,
        transaction_id=event.transaction_id,
        direction=event.direction,
        amount_minor=event.amount_minor,
        currency=event.currency,
        booked_at=event.booked_at,
    )
