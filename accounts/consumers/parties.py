"""Who the bank's customers are, and which accounts they hold."""

from collections.abc import Sequence

from accounts.consumers.newest import execute, incoming, keep_newest, newest_of_each
from accounts.models import Holder, Party
from bankcore.events import HolderChanged, PartyChanged
from streaming.consumers import Received, handles, keeps

keeps("accounts_party", group="accounts.parties")
keeps("accounts_holder", group="accounts.holders")


@handles(PartyChanged, group="accounts.parties")
def apply_parties_changed(batch: Sequence[Received[PartyChanged]]) -> None:
    """Keep the newest of what the core says about each customer."""
    rows = [
        {
            "id": event.party_id,
            "customer_reference": event.customer_reference,
            "kind": event.kind,
            "full_name": event.full_name,
            "email": event.email,
            "phone": event.phone,
            "address_lines": event.address_lines,
            "post_code": event.post_code,
            "town": event.town,
            "country": event.country,
            "source_version": event.source_version,
            "as_of": event.occurred_at,
        }
        for event in (received.event for received in newest_of_each(batch, by="party_id"))
    ]
    execute(_KEEP_PARTIES, rows)


@handles(HolderChanged, group="accounts.holders")
def apply_holders_changed(batch: Sequence[Received[HolderChanged]]) -> None:
    """Keep the newest of who holds which account."""
    rows = [
        {
            "id": event.holder_id,
            "party_id": event.party_id,
            "account_id": event.account_id,
            "role": event.role,
            "is_ended": event.is_ended,
            "source_version": event.source_version,
            "as_of": event.occurred_at,
        }
        for event in (received.event for received in newest_of_each(batch, by="holder_id"))
    ]
    execute(_KEEP_HOLDERS, rows)


_KEEP_PARTIES = f"WITH {incoming(Party)} {keep_newest(Party)}"
_KEEP_HOLDERS = f"WITH {incoming(Holder)} {keep_newest(Holder)}"
