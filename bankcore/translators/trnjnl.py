"""TRNJNL, the core's journal of movements: pence with a sign, money that leaves is negative."""

from typing import Annotated
from uuid import UUID

import msgspec

from bankcore.events import BookingStatus, Direction, TransactionChanged
from bankcore.translators.envelope import BigInt, Currency, Position, one_of, public_id, reader, required_text, text
from bankcore.translators.packed import account_key, account_number, sort_code, unpack_moment
from streaming.consumers import Reject

_STATUSES = {"B": BookingStatus.BOOKED, "P": BookingStatus.PENDING}

_ISO_CODES = {
    "OPN": ("ACMT", "OPCL", "ACCO"),
    "CLS": ("ACMT", "OPCL", "ACCC"),
    "SAL": ("PMNT", "RCDT", "SALA"),
    "BGC": ("PMNT", "RCDT", "DMCT"),
    "FPI": ("PMNT", "RRCT", "DMCT"),
    "FPO": ("PMNT", "IRCT", "DMCT"),
    "SO": ("PMNT", "ICDT", "STDO"),
    "DD": ("PMNT", "RDDT", "PMDD"),
    "TFI": ("PMNT", "RCDT", "BOOK"),
    "TFO": ("PMNT", "ICDT", "BOOK"),
    "CARD": ("PMNT", "CCRD", "POSD"),
    "REF": ("PMNT", "CCRD", "RIMB"),
    "ATM": ("PMNT", "CCRD", "CWDL"),
    "INT": ("ACMT", "MCOP", "INTR"),
    "FEE": ("ACMT", "MDOP", "FEES"),
}
"""The bank's own code of a movement → ISO 20022 domain, family and sub-family (external bank transaction codes)."""


class TRNJNL(msgspec.Struct, rename="upper"):
    """A row; ``TJREF`` counts within its account, ``TJCPS`` and ``TJCPA`` are 0 where the other side is unknown."""

    tjacc: int
    tjref: Position
    tjsts: str
    tjamt: BigInt
    tjccy: Currency
    tjbdt: int
    tjbtm: int
    tjvdt: int
    tjcode: str
    tjnar: str
    tjmrc: str | None = None
    tjmcc: Annotated[int, msgspec.Meta(ge=0, le=9999)] = 0
    tjcpn: str | None = None
    tjcps: int = 0
    tjcpa: int = 0
    tjrft: str | None = None
    tjbal: BigInt | None = None
    tjpid: str | None = None


_read = reader(TRNJNL)


def translate(value: bytes) -> TransactionChanged:
    """
    Return the movement as it now stands.

    :raises Reject: if the row cannot be understood, or was deleted: a journal only grows.
    """
    change = _read(value)
    row = change.row
    if change.is_deleted:
        raise Reject("a movement was deleted")
    if row.tjamt == -(2**63):
        raise Reject("TJAMT is out of range")
    account = account_key(row.tjacc)
    domain, family, sub_family = one_of(row.tjcode, _ISO_CODES, "TJCODE")
    booked_at = unpack_moment(row.tjbdt, row.tjbtm)
    return TransactionChanged(
        occurred_at=change.changed_at,
        source_version=change.position,
        is_snapshot=change.is_snapshot,
        transaction_id=public_id("transaction", f"{account}:{row.tjref}"),
        account_id=public_id("account", account),
        source_ref=f"{row.tjref:09d}",
        status=one_of(row.tjsts, _STATUSES, "TJSTS"),
        direction=Direction.DEBIT if row.tjamt < 0 else Direction.CREDIT,
        amount_minor=abs(row.tjamt),
        currency=row.tjccy,
        booked_at=booked_at,
        value_at=unpack_moment(row.tjvdt, 0),
        description=required_text(row.tjnar, "TJNAR"),
        kind_code=row.tjcode.strip(),
        domain_code=domain,
        family_code=family,
        sub_family_code=sub_family,
        merchant_name=text(row.tjmrc),
        merchant_category_code=f"{row.tjmcc:04d}" if row.tjmcc else None,
        counterparty_name=text(row.tjcpn),
        counterparty_sort_code=sort_code(row.tjcps) if row.tjcpa else None,
        counterparty_account=account_number(row.tjcpa) if row.tjcpa else None,
        reference=text(row.tjrft),
        balance_after_minor=row.tjbal,
        payment_id=_payment_id(row.tjpid),
    )


def _payment_id(value: str | None) -> UUID | None:
    if text(value) is None:
        return None
    try:
        return UUID(text(value))
    except ValueError as error:
        raise Reject("TJPID is no payment's id") from error
