"""The simulated core and what it says, in tests."""

from collections.abc import Mapping
from datetime import UTC, date, datetime
from pathlib import Path
from typing import Any
from uuid import uuid4

import orjson

from bankcore.ports import PaymentInstruction
from bankcore.simulator import change_log, database, numbers, seeding
from bankcore.simulator.payments import Command

UNTIL = date(2026, 11, 23)
SEED = 7

_ROWS: Mapping[str, Mapping[str, Any]] = {
    "CUSMST": {
        "CUSNO": 1234567, "CUSTYP": "P", "CUSNM1": "Vellacott   ", "CUSNM2": "Ada  ", "CUSAD1": "1 Weir Street ",
        "CUSAD2": "", "CUSAD3": "Tolmere  ", "CUSPCD": "ZG1 1QT", "CUSCTY": "GB", "CUSTEL": "+44 7700 900001",
        "CUSEML": "ada@example.com", "CUSDOB": 650_229,
    },
    "ACCMST": {
        "ACNO": 92612345678, "ACTYP": "CA", "ACPRD": "Everyday Current Account", "ACCCY": "GBP",
        "ACNAME": "Ada Vellacott    ", "ACNICK": None, "ACPAN": None, "ACIBAN": "GB12TLRC00092612345678",
        "ACOPN": 1_190_401, "ACCLS": 0, "ACSTS": "O",
    },
    "ACHOLD": {"AHCUS": 1234567, "AHACC": 92612345678, "AHROL": "P", "AHEND": 0},
    "ACBAL": {
        "ABACC": 92612345678, "ABCCY": "GBP", "ABBKD": -1250, "ABAVL": 48_750, "ABLMT": 50_000,
        "ABDAT": 1_261_123, "ABTIM": 90_501,
    },
    "TRNJNL": {
        "TJACC": 92612345678, "TJREF": 17, "TJSTS": "B", "TJAMT": -1250, "TJCCY": "GBP", "TJBDT": 1_261_123,
        "TJBTM": 90_501, "TJVDT": 1_261_123, "TJCODE": "CARD", "TJNAR": "QP *THIRD BEAN  TOLMERE  ",
        "TJMRC": "Third Bean", "TJMCC": 5814, "TJCPN": None, "TJCPS": 0, "TJCPA": 0, "TJRFT": None, "TJBAL": -1250,
        "TJPID": None,
    },
}  # fmt: skip


def a_row(table: str, **columns: Any) -> dict[str, Any]:
    """Return a row of one of the core's tables."""
    return {**_ROWS[table], **columns}


def a_change(table: str, *, op: str = "c", lsn: int = 100, ts_ms: int = 1_795_424_701_250, **columns: Any) -> bytes:
    """Return the envelope around a change of a row; a deleted one has only a ``before``."""
    row = a_row(table, **columns)
    before, after = (row, None) if op == "d" else (None, row)
    return change_log.envelope(table, lsn, ts_ms, op=op, before=before, after=after)


def a_payment_status(**fields: Any) -> bytes:
    """Return one of the core's answers about a payment."""
    answer = {
        "lsn": 100, "ts_ms": 1_795_424_701_250, "payment": str(uuid4()), "status": "ACSC", "reason": None, "text": None,
        "core_reference": "TR000000000100",
    }  # fmt: skip
    return orjson.dumps({**answer, **fields})


def a_core(file: Path, *, customers: int = 0, until: date = UNTIL, keys: tuple[str, ...] | None = None) -> None:
    """Make a core with its scenario households (or only those named) and so many ordinary ones; ship nothing."""
    connection = database.open_core(is_bulk=True)
    missing = seeding.missing_households(connection, seed=SEED, customers=customers)
    wanted = [key for key in missing if keys is None or key in keys]
    for _ in seeding.seed_households(connection, seed=SEED, keys=wanted, until=until):
        pass
    connection.close()
    assert file.exists()


def a_payment_command(*, debtor: int, **fields: Any) -> Command:
    """Return a command to pay 12.00 GBP from an account of the core to another bank."""
    command = {
        "payment_id": uuid4(),
        "debtor_sort_code": f"{debtor:014d}"[:6],
        "debtor_account_number": f"{debtor:014d}"[6:],
        "amount_minor": 1200,
        "currency": "GBP",
        "creditor_name": "Beacon Lettings",
        "creditor_scheme": "UK.OBIE.SortCodeAccountNumber",
        "creditor_identification": "00120431415926",
        "end_to_end_identification": "E2E-1",
        "reference": "INV 1",
    }
    return Command(**{**command, **fields})


def a_payment_instruction(**fields: Any) -> PaymentInstruction:
    """Return a payment of 12.00 GBP that a customer approved."""
    instruction = {
        "payment_id": uuid4(),
        "debtor_account_id": numbers.account_id(92612345678),
        "debtor_sort_code": "000926",
        "debtor_account_number": "12345678",
        "amount_minor": 1200,
        "currency": "GBP",
        "creditor_name": "Beacon Lettings",
        "creditor_scheme": "UK.OBIE.SortCodeAccountNumber",
        "creditor_identification": "00120431415926",
        "reference": "INV 1",
        "end_to_end_identification": "E2E-1",
        "local_instrument": None,
        "third_party_id": uuid4(),
        "consent_id": uuid4(),
        "customer_id": uuid4(),
        "instructed_at": datetime(2026, 11, 23, 14, 5, tzinfo=UTC),
    }
    return PaymentInstruction(**{**instruction, **fields})
