"""``manage.py services up|down|status``: run PostgreSQL, Kafka and Valkey for this working copy."""

from argparse import ArgumentParser
from pathlib import Path
from typing import Any

from django.conf import settings
from django.core.management.base import BaseCommand, CommandError

from openbanking.services.errors import ServicesUnavailable
from openbanking.services.service_set import ServiceSet, ServiceStatus


class Command(BaseCommand):
    """Start, stop or show the embedded services."""

    help = "Start, stop or show the embedded PostgreSQL, Kafka and Valkey."
    requires_system_checks = []  # The checks may need the very services that this starts.

    def add_arguments(self, parser: ArgumentParser) -> None:
        """Take what to do, and where."""
        parser.add_argument("action", choices=("up", "down", "status"))
        parser.add_argument("--folder", type=Path, default=settings.SERVICES_DIR, help="where the set keeps its data")

    def handle(self, *, action: str, folder: Path, **options: Any) -> None:
        """Do it, and show where that leaves the services."""
        services = ServiceSet(folder)
        try:
            if action == "up":
                services.up()
            elif action == "down":
                services.down()
            statuses = services.status()
        except ServicesUnavailable as error:
            raise CommandError(str(error)) from error
        self.stdout.write(_table(statuses))


def _table(statuses: list[ServiceStatus]) -> str:
    rows = [("service", "state", "address", "pid", "log")]
    rows += [(s.name, s.state, s.address or "-", str(s.pid or "-"), str(s.log_file or "-")) for s in statuses]
    widths = [max(len(cell) for cell in column) for column in zip(*rows, strict=True)]
    return "\n".join("  ".join(map(str.ljust, row, widths)).rstrip() for row in rows)
