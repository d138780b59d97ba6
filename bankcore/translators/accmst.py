"""ACCMST, the core's account master file."""

from datetime import date

import msgspec

from bankcore.events import AccountChanged, AccountKind, AccountStatus
from bankcore.translators.envelope import Currency, one_of, public_id, reader, required_text, text
from bankcore.translators.packed import account_key, unpack_date, unpack_optional_date

_KINDS = {"CA": AccountKind.CURRENT, "SV": AccountKind.SAVINGS, "CC": AccountKind.CREDIT_CARD}
_STATUSES = {"O": AccountStatus.OPEN, "B": AccountStatus.OPEN, "C": AccountStatus.CLOSED}


class ACCMST(msgspec.Struct, rename="upper"):
    """A row; ``ACNO`` is sort code and account number in one number, ``ACSTS`` B is open but blocked for debits."""

    acno: int
    actyp: str
    acprd: str
    acccy: Currency
    acname: str
    acsts: str
    acopn: int
    accls: int
    acnick: str | None = None
    acpan: str | None = None
    aciban: str | None = None


_read = reader(ACCMST)


def translate(value: bytes) -> AccountChanged:
    """
    Return the account as it now stands; one that the core deleted is closed.

    :raises streaming.consumers.Reject: if the row cannot be understood.
    """
    change = _read(value)
    row = change.row
    key = account_key(row.acno)
    return AccountChanged(
        occurred_at=change.changed_at,
        source_version=change.position,
        is_snapshot=change.is_snapshot,
        account_id=public_id("account", key),
        number_sort_code=key[:6],
        number_account=key[6:],
        iban=text(row.aciban),
        pan=text(row.acpan),
        currency=row.acccy,
        kind=one_of(row.actyp, _KINDS, "ACTYP"),
        product_name=required_text(row.acprd, "ACPRD"),
        nickname=text(row.acnick),
        holder_name=required_text(row.acname, "ACNAME"),
        status=AccountStatus.CLOSED if change.is_deleted else one_of(row.acsts, _STATUSES, "ACSTS"),
        opened_date=unpack_date(row.acopn),
        closed_date=unpack_optional_date(row.accls) or _day_of_deletion(change.is_deleted, change.changed_at.date()),
    )


def _day_of_deletion(is_deleted: bool, day: date) -> date | None:
    return day if is_deleted else None
