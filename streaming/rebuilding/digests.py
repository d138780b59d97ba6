"""Digests of whole tables: equal if, and but for chance only if, all rows are equal in every byte."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from hashlib import sha256
from typing import Any, TypeAlias

Ask: TypeAlias = Callable[[str], Sequence[Any]]
"""Runs a query in some session and returns its one row."""


@dataclass(frozen=True, slots=True, kw_only=True)
class TableDigest:
    """How many rows a table has, and what they come to; the order in which they lie does not matter."""

    table: str
    rows: int
    digest: str


def digest_of(table: str, *, named: str, ask: Ask) -> TableDigest:
    """Return the digest of a table; ``named`` is its name in SQL, as ``ask`` understands it."""
    rows, *sums = ask(_SUMS.format(table=named))
    return TableDigest(
        table=table, rows=rows, digest=sha256(":".join(map(str, (rows, *sums))).encode()).hexdigest()[:32]
    )


_SUMS = """
SELECT count(*),
    coalesce(sum(('x' || substr(hash, 1, 16))::bit(64)::bigint), 0),
    coalesce(sum(('x' || substr(hash, 17, 16))::bit(64)::bigint), 0)
FROM (SELECT encode(sha256(convert_to(r::text, 'UTF8')), 'hex') AS hash FROM {table} AS r) AS hashed
"""
