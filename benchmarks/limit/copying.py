"""The fastest way into a table: COPY, as many rows a transaction as a consumer's batch has."""

from collections.abc import Sequence

import psycopg
from psycopg import sql


def rows_of(url: str, table: str) -> list[bytes]:
    """Return the rows of a table in COPY's text format, one each."""
    with (
        psycopg.connect(url) as connection,
        connection.cursor().copy(sql.SQL("COPY {} TO STDOUT").format(sql.Identifier(table))) as lines,
    ):
        return [bytes(line) for line in lines]


def copy(url: str, table: str, rows: Sequence[bytes], *, at_once: int) -> None:
    """Write rows into the table, each transaction to the disk before the next begins."""
    statement = sql.SQL("COPY {} FROM STDIN").format(sql.Identifier(table))
    with psycopg.connect(url) as connection:
        for first in range(0, len(rows), at_once):
            with connection.transaction(), connection.cursor().copy(statement) as lines:
                lines.write(b"".join(rows[first : first + at_once]))
