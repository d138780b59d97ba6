"""``manage.py simulate``: makes the sandbox's bank, runs it, and moves money in it by hand."""

import argparse
from datetime import date
from decimal import Decimal, InvalidOperation
from typing import Any

from django.core.management.base import BaseCommand, CommandError, CommandParser
from rich.console import Console
from rich.progress import BarColumn, Progress, TaskProgressColumn, TextColumn, TimeElapsedColumn

from bankcore.simulator.arrival import NothingArrives, watch_arrival
from bankcore.simulator.by_hand import make_transaction
from bankcore.simulator.capture import BrokerUnreachable, Capture
from bankcore.simulator.database import open_core, open_seeded_core
from bankcore.simulator.live import LiveBank
from bankcore.simulator.seeding import OtherSeed, missing_households, seed_households
from kernel import clock
from kernel.errors import DomainError
from streaming.stopping import stop_on_signals

_HOUSEHOLDS_A_SHIPMENT = 10
_ARRIVES_WITHIN_S = 600.0


class Command(BaseCommand):
    """Makes, runs and touches the simulated bank."""

    help = "The simulated bank: `seed` makes it, `live` runs it, `transaction` moves money in it by hand."

    def add_arguments(self, parser: CommandParser) -> None:
        """Declare the three commands."""
        deeds = parser.add_subparsers(dest="deed", required=True)
        seed = deeds.add_parser("seed", help="Make customers with two years of history and tell Kafka about them.")
        seed.add_argument("--customers", type=int, default=20, help="ordinary customers, beside the scenario ones")
        seed.add_argument("--seed", type=int, default=1, help="the same seed makes the same bank")
        seed.add_argument("--until", type=date.fromisoformat, help="history ends the day before (default: today)")
        seed.add_argument("--wait", action="store_true", help="return when the platform has taken it all in")
        live = deeds.add_parser("live", help="Take payments and let customers live, until stopped.")
        live.add_argument("--pace", type=float, default=10.0, help="seconds between movements, on average")
        by_hand = deeds.add_parser("transaction", help="Make one movement.")
        by_hand.add_argument("--account", required=True, help="account id, 8-digit number, or sort code and number")
        by_hand.add_argument("--amount", type=_minor_units, required=True, help="pounds, such as -12.50")
        by_hand.add_argument("--description", required=True)

    def handle(self, *args: Any, deed: str, **options: Any) -> None:
        """Do one of the three."""
        try:
            getattr(self, f"_{deed}")(**options)
        except DomainError as error:
            raise CommandError(error.message) from error
        except (BrokerUnreachable, NothingArrives, OtherSeed) as error:
            raise CommandError(str(error)) from error

    def _seed(self, *, customers: int, seed: int, until: date | None, wait: bool, **_: Any) -> None:
        core = open_core(is_bulk=True)
        keys = missing_households(core, seed=seed, customers=customers)
        capture = Capture(core)
        with _progress() as progress:
            task = progress.add_task("seeding", total=len(keys), records=0)
            houses = seed_households(core, seed=seed, keys=keys, until=until or clock.now().date())
            for done, _house in enumerate(houses, 1):
                if done % _HOUSEHOLDS_A_SHIPMENT == 0:
                    capture.ship()
                progress.update(task, completed=done, records=capture.shipped)
            capture.ship()
            progress.update(task, records=capture.shipped)
            elapsed = progress.tasks[0].elapsed or 0.0
            if wait:
                _show_arrival(progress, capture.shipped)
        rate = f", {capture.shipped / elapsed:,.0f} a second" if capture.shipped else ""
        self.stdout.write(f"{len(keys)} new households, {capture.shipped:,} records to Kafka{rate}.")

    def _live(self, *, pace: float, **_: Any) -> None:
        LiveBank(open_seeded_core(), pace_s=pace).run(stop_on_signals())

    def _transaction(self, *, account: str, amount: int, description: str, **_: Any) -> None:
        core = open_seeded_core()
        made = make_transaction(core, account=account, amount_minor=amount, description=description, now=clock.now())
        Capture(core).ship()
        self.stdout.write(made.hex)


def _show_arrival(progress: Progress, records: int) -> None:
    task = progress.add_task("arriving", total=None, records=0)
    most = records
    for under_way in watch_arrival(within_s=_ARRIVES_WITHIN_S):
        most = max(most, under_way)
        progress.update(task, total=most, completed=most - under_way, records=most - under_way)


def _progress() -> Progress:
    return Progress(
        TextColumn("{task.description}"),
        BarColumn(),
        TaskProgressColumn(),
        TextColumn("{task.fields[records]:,} records"),
        TimeElapsedColumn(),
        console=Console(stderr=True),
    )


def _minor_units(amount: str) -> int:
    try:
        pence = Decimal(amount) * 100
    except InvalidOperation:
        raise argparse.ArgumentTypeError("not an amount") from None
    if pence != int(pence) or not 0 < abs(pence) < 10**12:
        raise argparse.ArgumentTypeError("not an amount of pounds and pence")
    return int(pence)
