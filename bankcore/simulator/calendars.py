"""Bank days of England and Wales, and the core's packed dates."""

from datetime import date, datetime, timedelta
from functools import cache

_DAY = timedelta(days=1)


@cache
def bank_holidays(year: int) -> frozenset[date]:
    """Return the bank holidays of a year, substitutes included; one-off holidays are left out."""
    easter = _easter(year)
    may, august = date(year, 5, 1), date(year, 8, 31)
    fixed = [
        _substitute(date(year, 1, 1)),
        easter - 2 * _DAY,
        easter + _DAY,
        may + timedelta(days=-may.weekday() % 7),
        date(year, 5, 31) - timedelta(days=date(year, 5, 31).weekday()),
        august - timedelta(days=august.weekday()),
    ]
    christmas = date(year, 12, 25)
    boxing = (
        [date(year, 12, 27), date(year, 12, 28)]
        if christmas.weekday() == 5
        else (
            [date(year, 12, 26), date(year, 12, 27)]
            if christmas.weekday() == 6
            else [christmas, _substitute(christmas + _DAY)]
        )
    )
    return frozenset([*fixed, *boxing])


@cache
def is_bank_day(day: date) -> bool:
    """Say whether BACS and the clearings run on a day."""
    return day.weekday() < 5 and day not in bank_holidays(day.year)


@cache
def bank_day_from(day: date) -> date:
    """Return the day itself, or the next bank day: when standing orders and direct debits move."""
    while not is_bank_day(day):
        day += _DAY
    return day


@cache
def bank_day_until(day: date) -> date:
    """Return the day itself, or the bank day before it: when salaries move."""
    while not is_bank_day(day):
        day -= _DAY
    return day


@cache
def last_of_month(day: date) -> date:
    """Return the last day of a day's month."""
    return (day.replace(day=28) + timedelta(days=4)).replace(day=1) - _DAY


def pack_date(day: date) -> int:
    """Return a date as the core writes it: CYYMMDD."""
    return (day.year - 1900) * 10_000 + day.month * 100 + day.day


def unpack_date(packed: int) -> date:
    """Return the date of a CYYMMDD number that the core itself wrote."""
    return date(1900 + packed // 10_000, packed // 100 % 100, packed % 100)


def pack_time(moment: datetime) -> int:
    """Return a time of day (UTC) as the core writes it: HHMMSS."""
    return moment.hour * 10_000 + moment.minute * 100 + moment.second


def _substitute(day: date) -> date:
    return day + timedelta(days=(7 - day.weekday()) % 7) if day.weekday() >= 5 else day


def _easter(year: int) -> date:
    """Easter Sunday by the anonymous Gregorian computus."""
    a, b, c = year % 19, year // 100, year % 100
    h = (19 * a + b - b // 4 - (b - (b + 8) // 25 + 1) // 3 + 15) % 30
    w = (32 + 2 * (b % 4) + 2 * (c // 4) - h - c % 4) % 7
    m = (a + 11 * h + 22 * w) // 451
    month, day = divmod(h + w - 7 * m + 114, 31)
    return date(year, month, day + 1)
