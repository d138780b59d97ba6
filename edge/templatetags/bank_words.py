"""Dates and money as the bank writes them to people."""

from datetime import datetime
from zoneinfo import ZoneInfo

from django import template
from django.utils.formats import date_format
from django.utils.translation import gettext as _

from kernel.money import Money

register = template.Library()

UK = ZoneInfo("Europe/London")
SYMBOLS = {"GBP": "£", "EUR": "€", "USD": "$"}


@register.filter
def uk_time(at: datetime | None) -> str:
    """Write a moment as "23 November 2026, 14:05 (UK time)"."""
    if at is None:
        return ""
    return _("%(moment)s (UK time)") % {"moment": date_format(at.astimezone(UK), "j F Y, H:i")}


@register.filter
def uk_date(at: datetime | None) -> str:
    """Write the day of a moment as "23 November 2026", as it is in the UK."""
    return "" if at is None else date_format(at.astimezone(UK), "j F Y")


@register.filter
def money(amount: Money | None) -> str:
    """Write money with its symbol, all its decimals and a comma at the thousands; a true minus if negative."""
    if amount is None:
        return ""
    whole, point, fraction = Money(abs(amount.amount_minor), amount.currency).to_decimal_string().partition(".")
    digits = f"{int(whole):,}{point}{fraction}"
    sign = "−" if amount.amount_minor < 0 else ""
    symbol = SYMBOLS.get(amount.currency)
    return f"{sign}{symbol}{digits}" if symbol else f"{sign}{digits} {amount.currency}"
