"""The core's change log: written with the change itself, in Debezium's envelope, shipped by :mod:`.capture`."""

import sqlite3
from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Any

import orjson

COLUMNS: Mapping[str, tuple[str, ...]] = {
    "CUSMST": ("CUSNO", "CUSTYP", "CUSNM1", "CUSNM2", "CUSAD1", "CUSAD2", "CUSAD3", "CUSPCD", "CUSCTY", "CUSTEL",
               "CUSEML", "CUSDOB"),
    "ACCMST": ("ACNO", "ACTYP", "ACPRD", "ACCCY", "ACNAME", "ACNICK", "ACPAN", "ACIBAN", "ACOPN", "ACCLS", "ACSTS"),
    "ACHOLD": ("AHCUS", "AHACC", "AHROL", "AHEND"),
    "ACBAL": ("ABACC", "ABCCY", "ABBKD", "ABAVL", "ABLMT", "ABDAT", "ABTIM"),
    "TRNJNL": ("TJACC", "TJREF", "TJSTS", "TJAMT", "TJCCY", "TJBDT", "TJBTM", "TJVDT", "TJCODE", "TJNAR", "TJMRC",
               "TJMCC", "TJCPN", "TJCPS", "TJCPA", "TJRFT", "TJBAL", "TJPID"),
}  # fmt: skip
"""The columns that leave the core, by table; the Kafka key is made of the first :data:`KEY_LENGTHS` of them."""

KEY_LENGTHS: Mapping[str, int] = {"CUSMST": 1, "ACCMST": 1, "ACHOLD": 2, "ACBAL": 1, "TRNJNL": 1}
"""How many leading columns key a record: the primary key, but movements go by their account."""

PRIMARY_KEYS: Mapping[str, str] = {"ACCMST": "ACNO = ?", "TRNJNL": "TJACC = ? AND TJREF = ?"}

SNAPSHOT = "SNAPSHOT"
"""In place of a table: all that a household has is to be read and told as history."""
PAYMENT_STATUS = "PAYSTS"
"""In place of a table: an answer about a payment."""


class Draft:
    """The changes of one database transaction, in order, before they are written."""

    def __init__(self, now: datetime) -> None:
        """Start a draft; every change of it is made at ``now`` (UTC)."""
        self._ts_ms = int(now.timestamp() * 1000)
        self._rows: list[tuple[str, str, bytes]] = []

    def change(
        self, table: str, lsn: int, *, before: Mapping[str, Any] | None, after: Mapping[str, Any] | None
    ) -> None:
        """Note that a row was inserted, changed or (without an ``after``) deleted."""
        op = "c" if before is None else "u" if after is not None else "d"
        image = after or before or {}
        self._rows.append((table, key_of(table, tuple(image.values())), envelope(
            table, lsn, self._ts_ms, op=op, before=before, after=after)))  # fmt: skip

    def payment_status(self, lsn: int, payment: str, status: str, reason: str | None, text: str | None) -> None:
        """Note an answer about a payment."""
        answer = {
            "lsn": lsn,
            "ts_ms": self._ts_ms,
            "payment": payment,
            "status": status,
            "reason": reason,
            "text": text,
            "core_reference": f"TR{lsn:012d}",
        }
        self._rows.append((PAYMENT_STATUS, payment, orjson.dumps(answer)))

    def write(self, core: sqlite3.Connection) -> None:
        """Write the draft into the log, in the caller's transaction."""
        core.executemany("INSERT INTO CHGLOG (CLTBL, CLKEY, CLVAL) VALUES (?, ?, ?)", self._rows)


def note_snapshot(core: sqlite3.Connection, household: str) -> None:
    """Note that all that a household has is to be told as history."""
    core.execute("INSERT INTO CHGLOG (CLTBL, CLKEY, CLVAL) VALUES (?, ?, '')", (SNAPSHOT, household))


def read_row(core: sqlite3.Connection, table: str, key: tuple[int, ...]) -> dict[str, Any]:
    """Return a row as it leaves the core."""
    columns = COLUMNS[table]
    row = core.execute(f"SELECT {', '.join(columns)} FROM {table} WHERE {PRIMARY_KEYS[table]}", key).fetchone()
    return dict(zip(columns, row, strict=True))


def key_of(table: str, row: Sequence[Any]) -> str:
    """Return the Kafka key of a row."""
    return ":".join(str(value) for value in row[: KEY_LENGTHS[table]])


def envelope(
    table: str, lsn: int, ts_ms: int, *, op: str, before: Mapping[str, Any] | None, after: Mapping[str, Any] | None
) -> bytes:
    """Return Debezium's envelope around a change of a row."""
    source = {
        "connector": "legacy-core",
        "db": "COREDB",
        "table": table,
        "lsn": lsn,
        "ts_ms": ts_ms,
        "snapshot": "true" if op == "r" else "false",
    }
    return orjson.dumps({"before": before, "after": after, "source": source, "op": op, "ts_ms": ts_ms})
