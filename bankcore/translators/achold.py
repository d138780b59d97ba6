"""ACHOLD, which customer holds which account."""

import msgspec

from bankcore.events import HolderChanged, HolderRole
from bankcore.translators.envelope import one_of, public_id, reader
from bankcore.translators.packed import account_key, unpack_optional_date

_ROLES = {"P": HolderRole.OWNER, "J": HolderRole.JOINT}


class ACHOLD(msgspec.Struct, rename="upper"):
    """A row; ``AHEND`` is 0 while the holding lasts."""

    ahcus: int
    ahacc: int
    ahrol: str
    ahend: int


_read = reader(ACHOLD)


def translate(value: bytes) -> HolderChanged:
    """
    Return the holding as it now stands; a deleted one has ended.

    :raises streaming.consumers.Reject: if the row cannot be understood.
    """
    change = _read(value)
    row = change.row
    account = account_key(row.ahacc)
    return HolderChanged(
        occurred_at=change.changed_at,
        source_version=change.position,
        is_snapshot=change.is_snapshot,
        holder_id=public_id("holder", f"{row.ahcus}:{account}"),
        party_id=public_id("party", str(row.ahcus)),
        account_id=public_id("account", account),
        role=one_of(row.ahrol, _ROLES, "AHROL"),
        is_ended=change.is_deleted or unpack_optional_date(row.ahend) is not None,
    )
