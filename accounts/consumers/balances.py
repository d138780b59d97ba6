"""What accounts hold."""

from collections.abc import Sequence
from typing import Any
from uuid import UUID

from accounts.consumers.newest import execute, incoming, keep_newest, newest_of_each
from accounts.events import BalanceMoved
from accounts.models import Balance
from accounts.ports import BalanceFields, DocumentRenderer, document_renderer
from bankcore.events import BalanceChanged
from streaming import outbox
from streaming.consumers import Received, handles, keeps

keeps("accounts_balance", group="accounts.balances")


@handles(BalanceChanged, group="accounts.balances")
def apply_balances_changed(batch: Sequence[Received[BalanceChanged]]) -> None:
    """Keep each account's newest balance; of a change that is no history, tell once."""
    newest = newest_of_each(batch, by="account_id")
    renderer = document_renderer()
    kept: dict[UUID, int] = dict(execute(_KEEP, [_row(received.event, renderer) for received in newest]))
    moved = {
        event.account_id
        for event in (received.event for received in batch)
        if not event.is_snapshot and event.source_version > kept.get(event.account_id, event.source_version)
    }
    causes = [received for received in newest if received.event.account_id in moved]
    outbox.record_many([_news(received.event) for received in causes], causes=causes)


_KEEP = f"""
WITH {incoming(Balance)},
before AS (
    SELECT account_id, source_version FROM accounts_balance WHERE account_id IN (SELECT account_id FROM incoming)),
newer AS ({keep_newest(Balance)} RETURNING account_id)
SELECT account_id, COALESCE(before.source_version, -1) FROM newer LEFT JOIN before USING (account_id)
"""
"""Returns the accounts whose balance was replaced, each with the version before; -1 where there was none."""


def _row(event: BalanceChanged, renderer: DocumentRenderer) -> dict[str, Any]:
    fields = BalanceFields(
        account_id=event.account_id,
        currency=event.currency,
        booked_minor=event.booked_minor,
        available_minor=event.available_minor,
        credit_limit_minor=event.credit_limit_minor,
        as_of=event.as_of,
    )
    return {
        "account_id": event.account_id,
        "currency": event.currency,
        "booked_minor": event.booked_minor,
        "available_minor": event.available_minor,
        "credit_limit_minor": event.credit_limit_minor,
        "document": renderer.render_balances(fields).decode(),
        "source_version": event.source_version,
        "as_of": event.as_of,
    }


def _news(event: BalanceChanged) -> BalanceMoved:
    return BalanceMoved(
        occurred_at=event.occurred_at,
        account_id=event.account_id,
        currency=event.currency,
        booked_minor=event.booked_minor,
        available_minor=event.available_minor,
        as_of=event.as_of,
    )
