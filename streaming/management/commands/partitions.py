"""``manage.py partitions status|make|drop``: the months of the event log."""

import sys
from argparse import ArgumentParser
from datetime import UTC, date, datetime
from typing import IO, Any, cast

from django.conf import settings
from django.core.management.base import BaseCommand, CommandError
from rich.console import Console
from rich.table import Table

from kernel import clock
from streaming import partitions
from streaming.partitions import ATTACHED_AT_MOST, LogIsBusy, Month, MonthIsNeeded


class Command(BaseCommand):
    """
    Show the log's months, make those that are missing, or drop old ones for good.

    What may be dropped is decided twice: EVENT_RETENTION_MONTHS says what this deployment keeps, and the database
    refuses a month that a relay, a held event or a seal still needs. Dropping needs the owner's role.
    """

    help = __doc__

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument("action", choices=["status", "make", "drop"])
        parser.add_argument("--before", type=_month, metavar="YYYY-MM", help="drop: the first month that stays")
        parser.add_argument("--yes", action="store_true", dest="is_sure", help="drop: do not ask")

    def handle(self, *_args: Any, action: str, before: date | None, is_sure: bool, **_options: Any) -> None:
        """Do what is asked; status 1 if a month has to stay that was to be dropped."""
        if action == "status":
            self._show()
        elif action == "make":
            self.stdout.write(f"{partitions.make_partitions()} partitions made.")
        elif before is None:
            raise CommandError("drop needs --before YYYY-MM, the first month that stays")
        else:
            self._drop(before, is_sure=is_sure)

    def _show(self) -> None:
        state = partitions.partition_state()
        table = Table("month", "events, about", "size", "may be dropped")
        for month in partitions.list_months():
            table.add_row(_name(month), f"{month.rows:,}", _mib(month), month.reason_to_keep or "yes")
        Console(file=cast("IO[str]", self.stdout)).print(table)
        self.stdout.write(f"{state.days_left} days of partitions are left.")
        self.stdout.write(f"{state.rows_in_default} events lie in the default partition.")
        if state.attached > ATTACHED_AT_MOST:
            self.stdout.write(f"{state.attached} are attached: above {ATTACHED_AT_MOST} the relay's polls become slow.")

    def _drop(self, before: date, *, is_sure: bool) -> None:
        oldest = _months_before(clock.now(), settings.EVENT_RETENTION_MONTHS)
        if before > oldest:
            raise CommandError(f"EVENT_RETENTION_MONTHS keeps everything since {oldest:%Y-%m}")
        months = [month for month in partitions.list_months() if month.month < before]
        if not months:
            self.stdout.write(f"There is no month before {before:%Y-%m}.")
            return
        for month in months:
            self.stdout.write(f"{_name(month)}: about {month.rows:,} events, {_mib(month)}")
        if not is_sure and input("Drop them for good? The log does not get them back. [y/N] ").lower() != "y":
            raise CommandError("nothing was dropped")
        kept = [month for month in months if not self._is_dropped(month)]
        if kept:
            sys.exit(1)

    def _is_dropped(self, month: Month) -> bool:
        try:
            partitions.drop_month(month.month)
        except (MonthIsNeeded, LogIsBusy) as error:
            self.stderr.write(f"{_name(month)} stays: {error}")
            return False
        self.stdout.write(f"{_name(month)}: dropped")
        return True


def _month(text: str) -> date:
    return datetime.strptime(text, "%Y-%m").replace(tzinfo=UTC).date()


def _months_before(now: datetime, months: int) -> date:
    """Return the first day of the month that lies so many months before this one."""
    number = now.year * 12 + now.month - 1 - months
    return date(number // 12, number % 12 + 1, 1)


def _name(month: Month) -> str:
    return f"{month.month:%Y-%m}"


def _mib(month: Month) -> str:
    return f"{month.size_bytes / 2**20:,.1f} MiB"
