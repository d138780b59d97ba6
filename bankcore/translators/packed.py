"""The core's packed numbers: dates as CYYMMDD, times as HHMMSS, account numbers that lost their zeros."""

from datetime import UTC, date, datetime, time

from streaming.consumers import Reject


def unpack_date(packed: int) -> date:
    """
    Return the date of a CYYMMDD number; the century digit C is 0 for 19.., 1 for 20...

    :raises Reject: if there is no such day.
    """
    century, rest = divmod(packed, 1_000_000)
    if packed < 0 or century > 1:
        raise Reject("a CYYMMDD date is out of range")
    try:
        return date(1900 + 100 * century + rest // 10_000, rest // 100 % 100, rest % 100)
    except ValueError as error:
        raise Reject("a CYYMMDD date is no day of the calendar") from error


def unpack_optional_date(packed: int) -> date | None:
    """Return the date of a CYYMMDD number; the core writes 0 where there is none."""
    return unpack_date(packed) if packed else None


def unpack_moment(packed_date: int, packed_time: int) -> datetime:
    """
    Return the moment of CYYMMDD and HHMMSS; the core's clock runs on UTC.

    :raises Reject: if there is no such moment.
    """
    try:
        moment = time(packed_time // 10_000, packed_time // 100 % 100, packed_time % 100, tzinfo=UTC)
    except ValueError as error:
        raise Reject("an HHMMSS time is out of range") from error
    return datetime.combine(unpack_date(packed_date), moment)


def account_key(packed: int) -> str:
    """
    Return the 14 digits (sort code, account number) of the core's account number.

    :raises Reject: if it has more digits.
    """
    return _digits(packed, 14)


def sort_code(packed: int) -> str:
    """
    Return the 6 digits of a sort code.

    :raises Reject: if it has more digits.
    """
    return _digits(packed, 6)


def account_number(packed: int) -> str:
    """
    Return the 8 digits of an account number.

    :raises Reject: if it has more digits.
    """
    return _digits(packed, 8)


def _digits(packed: int, length: int) -> str:
    if not 0 <= packed < 10**length:
        raise Reject(f"a number does not fit its {length} digits")
    return f"{packed:0{length}d}"
