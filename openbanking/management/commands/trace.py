"""``manage.py trace ID``: where something went, from the call to the webhook, with the time of each hop."""

from argparse import ArgumentParser
from collections.abc import Sequence
from dataclasses import asdict
from datetime import timedelta
from typing import Any

import orjson
from django.core.management.base import BaseCommand, CommandError
from rich.console import Console
from rich.table import Table
from rich.text import Text

from openbanking.trail import Hop, follow
from streaming.flow import BrokerDown
from webhooks.errors import DeliveryNotFound

WIDTH = 160
"""Of lines that go to a file or a pipe."""


class Command(BaseCommand):
    """Print the hops of an interaction, a payment, a consent, an event or webhook, or a delivery."""

    help = __doc__

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument(
            "identifier", metavar="ID", help="of an interaction, payment, consent, event (webhook-id), or delivery"
        )
        parser.add_argument("--json", action="store_true", dest="is_json", help="all that is known, as JSON")

    def handle(self, *_args: Any, identifier: str, is_json: bool, **_options: Any) -> None:
        """Print a table, or JSON; personal data is masked in both."""
        try:
            hops = follow(identifier)
        except DeliveryNotFound:
            raise CommandError(f"there is no delivery {identifier}") from None
        except BrokerDown as error:
            raise CommandError(f"the broker does not answer: {error}") from None
        if not hops:
            raise CommandError(f"nothing in the log has to do with {identifier}")
        if is_json:
            self.stdout.write(orjson.dumps([_as_json(hop) for hop in hops], option=orjson.OPT_INDENT_2).decode())
        else:
            self._print(hops)

    def _print(self, hops: Sequence[Hop]) -> None:
        table = Table(box=None, pad_edge=False)
        table.add_column("time (UTC)", no_wrap=True)
        table.add_column("took", no_wrap=True, justify="right")
        table.add_column("part", no_wrap=True)
        table.add_column("what", overflow="fold")
        for hop in hops:
            at = hop.at.strftime("%Y-%m-%d %H:%M:%S.%f")[:-3] if hop.at else "–"
            indent = "" if hop.part in {"call", "event"} else "  "
            table.add_row(at, _took(hop.took), indent + hop.part, Text(hop.what))
            if hop.part == "event":
                table.add_row("", "", "", Text(f"event {hop.event_id} by {hop.details['actor']}", style="dim"))
        console = Console(width=None if self.stdout.isatty() else WIDTH)
        with console.capture() as printed:
            console.print(table)
        self.stdout.write(printed.get(), ending="")


def _took(took: timedelta | None) -> str:
    if took is None:
        return ""
    seconds = took.total_seconds()
    return f"+{seconds * 1000:.0f} ms" if seconds < 10 else f"+{seconds:.0f} s"


def _as_json(hop: Hop) -> dict[str, Any]:
    took_ms = None if hop.took is None else round(hop.took.total_seconds() * 1000, 3)
    return {name: value for name, value in asdict(hop).items() if name != "took"} | {"took_ms": took_ms}
