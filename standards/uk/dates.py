"""Instants as the standard writes them: a zone in every answer, none looked at in filters."""

import re
from datetime import UTC, datetime

_FILTER = re.compile(
    r"(\d{4}-\d{2}-\d{2})"
    r"(?:[Tt ](\d{2}:\d{2}(?::\d{2}(?:\.\d{1,9})?)?))?"
    r"(?:[Zz]|[+\- ]\d{2}:?\d{2})?",  # a "+" that was not encoded arrives as a blank.
    re.ASCII,
)


def write_instant(instant: datetime) -> str:
    """Return an aware datetime as ISO 8601 in UTC."""
    return instant.astimezone(UTC).isoformat().replace("+00:00", "Z")


def read_instant(text: str) -> datetime:
    """
    Read an RFC 3339 date-time with its zone; returns UTC.

    :raises ValueError: if it is none, or lies outside the years 1 to 9999.
    """
    try:
        instant = datetime.fromisoformat(text.upper())
        if instant.tzinfo is None:
            raise ValueError("no zone")
        return instant.astimezone(UTC)
    except OverflowError:
        raise ValueError("outside of the calendar") from None


def read_filter(text: str) -> datetime:
    """
    Read the date-time of a filter: the time is optional, a zone is ignored and UTC assumed.

    :raises ValueError: if it is no ISO 8601 date or date-time.
    """
    match = _FILTER.fullmatch(text)
    if match is None:
        raise ValueError("no ISO 8601 date-time")
    date, time = match.groups(default="00:00:00")
    return datetime.fromisoformat(f"{date}T{time}").replace(tzinfo=UTC)
