"""ACBAL, the core's balances: pence with a sign, what the customer owes is negative."""

import msgspec

from bankcore.events import BalanceChanged
from bankcore.translators.envelope import BigInt, Currency, public_id, reader
from bankcore.translators.packed import account_key, unpack_moment
from streaming.consumers import Reject


class ACBAL(msgspec.Struct, rename="upper"):
    """A row; ``ABDAT`` and ``ABTIM`` say as of when."""

    abacc: int
    abccy: Currency
    abbkd: BigInt
    abavl: BigInt
    ablmt: BigInt
    abdat: int
    abtim: int


_read = reader(ACBAL)


def translate(value: bytes) -> BalanceChanged:
    """
    Return the balances as they now stand.

    :raises Reject: if the row cannot be understood, or was deleted: an account never loses its balance.
    """
    change = _read(value)
    row = change.row
    if change.is_deleted:
        raise Reject("a balance was deleted")
    as_of = unpack_moment(row.abdat, row.abtim)
    return BalanceChanged(
        occurred_at=as_of,
        source_version=change.position,
        is_snapshot=change.is_snapshot,
        account_id=public_id("account", account_key(row.abacc)),
        currency=row.abccy,
        booked_minor=row.abbkd,
        available_minor=row.abavl,
        credit_limit_minor=row.ablmt or None,
        as_of=as_of,
    )
