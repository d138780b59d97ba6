"""CUSMST, the core's customer master file."""

import msgspec

from bankcore.events import PartyChanged, PartyKind
from bankcore.translators.envelope import one_of, public_id, reader, required_text, text

_KINDS = {"P": PartyKind.PERSON, "O": PartyKind.ORGANISATION}


class CUSMST(msgspec.Struct, rename="upper"):
    """A row: surname or company in ``CUSNM1``, forenames in ``CUSNM2``, the town in ``CUSAD3``."""

    cusno: int
    custyp: str
    cusnm1: str
    cusnm2: str
    cusad1: str
    cusad2: str
    cusad3: str
    cuspcd: str
    cuscty: str
    custel: str | None = None
    cuseml: str | None = None


_read = reader(CUSMST)


def translate(value: bytes) -> PartyChanged | None:
    """
    Return the customer as they now stand; a deleted one stays as they last were, so nothing is said.

    :raises streaming.consumers.Reject: if the row cannot be understood.
    """
    change = _read(value)
    row = change.row
    if change.is_deleted:
        return None
    reference = str(row.cusno)
    return PartyChanged(
        occurred_at=change.changed_at,
        source_version=change.position,
        is_snapshot=change.is_snapshot,
        party_id=public_id("party", reference),
        customer_reference=reference,
        kind=one_of(row.custyp, _KINDS, "CUSTYP"),
        full_name=" ".join(filter(None, (text(row.cusnm2), required_text(row.cusnm1, "CUSNM1")))),
        email=text(row.cuseml),
        phone=text(row.custel),
        address_lines=tuple(line for line in (text(row.cusad1), text(row.cusad2)) if line),
        post_code=required_text(row.cuspcd, "CUSPCD"),
        town=required_text(row.cusad3, "CUSAD3"),
        country=required_text(row.cuscty, "CUSCTY"),
    )
