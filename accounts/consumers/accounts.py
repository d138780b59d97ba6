"""Accounts as the core describes them."""

from collections.abc import Sequence
from typing import Any

from accounts.consumers.newest import execute, incoming, keep_newest, newest_of_each
from accounts.models import Account
from accounts.ports import AccountFields, Documents, document_renderer
from bankcore.events import AccountChanged
from streaming.consumers import Received, handles, keeps

keeps("accounts_account", group="accounts.accounts")


@handles(AccountChanged, group="accounts.accounts")
def apply_accounts_changed(batch: Sequence[Received[AccountChanged]]) -> None:
    """Keep each account's newest description, with its documents."""
    render = document_renderer().render_account
    events = [received.event for received in newest_of_each(batch, by="account_id")]
    execute(_KEEP, [_row(event, render(_fields(event))) for event in events])


_KEEP = f"WITH {incoming(Account)} {keep_newest(Account)}"


def _fields(event: AccountChanged) -> AccountFields:
    return AccountFields(
        account_id=event.account_id,
        sort_code=event.number_sort_code,
        account_number=event.number_account,
        iban=event.iban,
        pan=event.pan,
        currency=event.currency,
        kind=event.kind,
        product_name=event.product_name,
        nickname=event.nickname,
        holder_name=event.holder_name,
        status=event.status,
        opened_date=event.opened_date,
        closed_date=event.closed_date,
    )


def _row(event: AccountChanged, documents: Documents) -> dict[str, Any]:
    return {
        "id": event.account_id,
        "sort_code": event.number_sort_code,
        "account_number": event.number_account,
        "iban": event.iban,
        "pan_last_four": event.pan[-4:] if event.pan else "",
        "currency": event.currency,
        "kind": event.kind,
        "product_name": event.product_name,
        "nickname": event.nickname,
        "holder_name": event.holder_name,
        "status": event.status,
        "opened_date": event.opened_date,
        "closed_date": event.closed_date,
        "source_version": event.source_version,
        "as_of": event.occurred_at,
        **documents.as_columns(),
    }
