"""
Pages of one account's movements, booked and pending, newest first.

A page lies between two positions in the order (booked_at, id), so every page, the first and the hundredth, is
one walk over the index by booking. The consent's window, the caller's filter and the cursor only narrow the two
positions: the statement is always the same one, and stays prepared.
"""

from dataclasses import dataclass
from datetime import UTC, datetime
from uuid import UUID

from django.db import connection

from accounts.errors import PermissionMissing
from accounts.selectors.documents import document_column, ensure_covers
from consents.access import Grant


@dataclass(frozen=True, slots=True, kw_only=True, order=True)
class Position:
    """A place in the order of an account's movements."""

    booked_at: datetime
    id: UUID


@dataclass(frozen=True, slots=True, kw_only=True)
class PageRequest:
    """
    Which page: at most ``limit`` movements, older than ``after`` or newer than ``before`` (one of them, or none).

    The filter is half-open, ``[booked_from, booked_before)``, open on a side that is ``None``.
    """

    limit: int
    after: Position | None = None
    before: Position | None = None
    booked_from: datetime | None = None
    booked_before: datetime | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class DocumentPage:
    """
    One page: JSON objects in UTF-8, joined by commas, without the array's brackets.

    ``next`` is the ``after`` of the page with older movements, ``previous`` the ``before`` of the one with newer
    ones; ``None`` where there is none. ``as_of`` is when the newest of what is known was true; ``None`` if nothing is.
    """

    documents: bytes
    count: int
    next: Position | None
    previous: Position | None
    as_of: datetime | None


def list_transaction_documents(*, grant: Grant, account_id: UUID, page: PageRequest) -> DocumentPage:
    """
    Return one page of the account's movements, as far as the customer permitted.

    :raises AccountNotFound: if the customer did not choose the account.
    :raises PermissionMissing: if the customer permitted no ReadTransactions, or neither credits nor debits.
    """
    ensure_covers(grant, account_id)
    column = document_column(grant, basic="ReadTransactionsBasic", detail="ReadTransactionsDetail")
    is_backwards = page.before is not None
    statement = _statement(column, direction=_direction(grant), is_backwards=is_backwards, limit=page.limit)
    first, last = _window(grant, page)
    above, below = max(first, page.before or first), min(last, page.after or last)
    with connection.cursor() as cursor:
        cursor.execute(
            statement,
            {
                "account": account_id,
                "first_at": first.booked_at,
                "first_id": first.id,
                "above_at": above.booked_at,
                "above_id": above.id,
                "below_at": below.booked_at,
                "below_id": below.id,
                "last_at": last.booked_at,
                "last_id": last.id,
            },
        )
        documents, rows, start_at, start_id, end_at, end_id, as_of = cursor.fetchone()
    start = _position(start_at, start_id)
    end = _position(end_at, end_id) if rows > page.limit else None
    return DocumentPage(
        documents=(documents or "").encode(),
        count=min(rows, page.limit),
        next=start if is_backwards else end,
        previous=end if is_backwards else (start if page.after else None),
        as_of=as_of,
    )


_LOWEST, _HIGHEST = UUID(int=0), UUID(int=2**128 - 1)
_BEGINNING = Position(booked_at=datetime.min.replace(tzinfo=UTC), id=_LOWEST)
_END = Position(booked_at=datetime.max.replace(tzinfo=UTC), id=_HIGHEST)


def _window(grant: Grant, page: PageRequest) -> tuple[Position, Position]:
    """Return the positions between which the caller may read, and wants to; half-open periods on both counts."""
    begins = [at for at in (grant.transactions_from, page.booked_from) if at is not None]
    ends = [at for at in (grant.transactions_to, page.booked_before) if at is not None]
    first = Position(booked_at=max(begins), id=_LOWEST) if begins else _BEGINNING
    last = Position(booked_at=min(ends), id=_LOWEST) if ends else _END
    return first, last


def _direction(grant: Grant) -> str | None:
    """Return the only direction that the customer permitted, ``None`` for both."""
    is_credits = "ReadTransactionsCredits" in grant.permissions
    is_debits = "ReadTransactionsDebits" in grant.permissions
    if not (is_credits or is_debits):
        raise PermissionMissing(needs=("ReadTransactionsCredits", "ReadTransactionsDebits"))
    if is_credits and is_debits:
        return None
    return "credit" if is_credits else "debit"


def _position(booked_at: datetime | None, row_id: str | None) -> Position | None:
    return None if booked_at is None or row_id is None else Position(booked_at=booked_at, id=UUID(row_id))


def _statement(column: str, *, direction: str | None, is_backwards: bool, limit: int) -> str:
    """
    Compose the page's statement out of constants; values are its parameters.

    Direction and limit stand in the text: a prepared plan could not use the index of the credits, nor know how
    soon it may stop, if they were parameters. One row more than the page tells whether another page follows.
    """
    order = "ASC" if is_backwards else "DESC"
    of_direction = f"AND direction = '{direction}'" if direction else ""

    def walk(table: str, *, what: str, above: str, below: str, order: str, limit: int) -> str:
        return f"""
            SELECT {what} FROM {table} WHERE account_id = %(account)s {of_direction}
            AND (booked_at, id) > (%({above}_at)s, %({above}_id)s)
            AND (booked_at, id) < (%({below}_at)s, %({below}_id)s)
            ORDER BY booked_at {order}, id {order} LIMIT {limit:d}"""

    def rows(table: str) -> str:
        what = f"{column} AS document, as_of, booked_at, id"
        return walk(table, what=what, above="above", below="below", order=order, limit=limit + 1)

    def newest(table: str) -> str:
        return walk(table, what="as_of", above="first", below="last", order="DESC", limit=1)

    return f"""
        WITH page AS MATERIALIZED (
            SELECT *, row_number() OVER (ORDER BY booked_at {order}, id {order}) AS n
            FROM (SELECT * FROM ({rows("accounts_transaction")}) AS booked
                  UNION ALL SELECT * FROM ({rows("accounts_pendingtransaction")}) AS pending
                  ORDER BY booked_at {order}, id {order} LIMIT {limit + 1:d}) AS merged)
        SELECT string_agg(document, ',' ORDER BY n {"DESC" if is_backwards else "ASC"}) FILTER (WHERE n <= {limit:d}),
               COALESCE(max(n), 0),
               max(booked_at) FILTER (WHERE n = 1), max(id::text) FILTER (WHERE n = 1),
               max(booked_at) FILTER (WHERE n = {limit:d}), max(id::text) FILTER (WHERE n = {limit:d}),
               COALESCE(
                   GREATEST(({newest("accounts_transaction")}), ({newest("accounts_pendingtransaction")})),
                   (SELECT as_of FROM accounts_account WHERE id = %(account)s))
        FROM page"""
