"""Pages of transactions: the filters and the cursor of a request, and the links to the pages around it."""

from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Literal
from uuid import UUID

from django.http import HttpRequest

from accounts.selectors import DocumentPage, PageRequest, Position
from consents.access import Grant
from edge.paging import decode_cursor, encode_cursor
from standards.uk.codes import ErrorCode
from standards.uk.dates import read_filter
from standards.uk.envelopes import absolute_link
from standards.uk.errors import Fault, Refused

PAGE_SIZE = 100
"""Records on a page; the standard allows 25 to 1000."""

FROM, TO, CURSOR = "fromBookingDateTime", "toBookingDateTime", "cursor"


@dataclass(frozen=True, slots=True, kw_only=True)
class TransactionQuery:
    """What a request asks for; ``filters`` are its parameters as they were written."""

    page: PageRequest
    filters: dict[str, str]
    scope: tuple[str, ...]
    """What a cursor is bound to: consent, account and filters."""


def read_query(request: HttpRequest, *, grant: Grant, account_id: UUID) -> TransactionQuery:
    """
    Read filters and cursor; parameters that are not known are ignored.

    :raises Refused: if a filter is no date-time, or a parameter is given twice.
    :raises InvalidCursor: if the cursor is not one of this consent, account and filters.
    """
    faults: list[Fault] = []
    booked_from, booked_to = _read_date(request, FROM, faults), _read_date(request, TO, faults)
    if len(request.GET.getlist(CURSOR)) > 1:
        faults.append(Fault(ErrorCode.FIELD_INVALID, "The parameter is given twice.", CURSOR))
    if faults:
        raise Refused(*faults)
    filters = {name: request.GET[name] for name in (FROM, TO) if name in request.GET}
    scope = (grant.consent_id.hex, account_id.hex, *(filters.get(name, "") for name in (FROM, TO)))
    after, before = _read_cursor(request.GET.get(CURSOR), scope)
    page = PageRequest(
        limit=PAGE_SIZE, after=after, before=before, booked_from=booked_from, booked_before=_just_after(booked_to)
    )
    return TransactionQuery(page=page, filters=filters, scope=scope)


def page_links(request: HttpRequest, query: TransactionQuery, found: DocumentPage) -> dict[str, str]:
    """Return ``Self``, ``First``, and ``Prev`` and ``Next`` where there is such a page; filters are kept."""
    cursor = {CURSOR: request.GET[CURSOR]} if CURSOR in request.GET else {}
    links = {
        "Self": absolute_link(request, query.filters | cursor),
        "First": absolute_link(request, query.filters),
    }
    if found.previous:
        links["Prev"] = absolute_link(request, query.filters | {CURSOR: _cursor("before", found.previous, query)})
    if found.next:
        links["Next"] = absolute_link(request, query.filters | {CURSOR: _cursor("after", found.next, query)})
    return links


def _read_date(request: HttpRequest, name: str, faults: list[Fault]) -> datetime | None:
    given = request.GET.getlist(name)
    if not given:
        return None
    try:
        if len(given) == 1:
            return read_filter(given[0])
    except ValueError:
        pass
    faults.append(Fault(ErrorCode.FIELD_INVALID_DATE, "The parameter is not one ISO 8601 date-time.", name))
    return None


def _read_cursor(text: str | None, scope: tuple[str, ...]) -> tuple[Position | None, Position | None]:
    """Return where the page begins, as ``after`` and ``before``."""
    if text is None:
        return None, None
    side, booked_at, row_id = decode_cursor(text, scope=scope)
    position = Position(booked_at=datetime.fromisoformat(booked_at), id=UUID(hex=row_id))
    return (position, None) if side == "after" else (None, position)


def _cursor(side: Literal["after", "before"], position: Position, query: TransactionQuery) -> str:
    return encode_cursor((side, position.booked_at.isoformat(), position.id.hex), scope=query.scope)


def _just_after(instant: datetime | None) -> datetime | None:
    """Turn the filter's inclusive end into an exclusive one; the end of the calendar is no limit."""
    try:
        return instant and instant + timedelta(microseconds=1)
    except OverflowError:
        return None
