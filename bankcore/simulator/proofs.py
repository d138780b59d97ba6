"""Proves the whole of the core's books from what is stored."""

import sqlite3

from bankcore.simulator.ledger import LedgerBroken


def prove_books(core: sqlite3.Connection) -> None:
    """
    Prove the whole of the books from what is stored.

    :raises LedgerBroken: naming the first invariant that does not hold.
    """
    for invariant, counter_example in _PROOFS.items():
        if core.execute(f"{counter_example} LIMIT 1").fetchone():
            raise LedgerBroken(f"it does not hold that {invariant}")


_PROOFS = {
    "postings add up to nothing in each instruction and currency":
        "SELECT 1 FROM POSTNG GROUP BY POLSN, POCCY HAVING SUM(POAMT) <> 0",
    "no posting is without an instruction":
        "SELECT 1 FROM POSTNG WHERE POLSN NOT IN (SELECT INLSN FROM INSTRN)",
    "each customer's balance is the sum of its postings": """
        SELECT 1 FROM ACBAL LEFT JOIN (SELECT POACC, SUM(POAMT) AS TOTAL FROM POSTNG GROUP BY POACC) ON POACC = ABACC
        WHERE ABBKD <> COALESCE(TOTAL, 0)""",
    "each balance of the bank is the sum of its postings": """
        SELECT 1 FROM GLBAL LEFT JOIN (SELECT POACC, POCCY, SUM(POAMT) AS TOTAL FROM POSTNG GROUP BY POACC, POCCY)
        ON POACC = GLACC AND POCCY = GLCCY WHERE GLBKD <> COALESCE(TOTAL, 0)""",
    "each balance is the sum of its journal, and what is available of it and what is pending": """
        SELECT 1 FROM ACBAL LEFT JOIN (
          SELECT TJACC, SUM(TJAMT) FILTER (WHERE TJSTS = 'B') AS BOOKED, SUM(TJAMT) FILTER (WHERE TJSTS = 'P') AS HELD
          FROM TRNJNL GROUP BY TJACC) ON TJACC = ABACC
        WHERE ABBKD <> COALESCE(BOOKED, 0) OR ABAVL <> ABBKD + COALESCE(HELD, 0) + ABLMT""",
}  # fmt: skip
