"""``manage.py dispatch_webhooks``: deliver webhooks until told to stop."""

import asyncio
from typing import Any

from django.core.management.base import BaseCommand

from webhooks.dispatch import process


class Command(BaseCommand):
    """Run one dispatcher; as many as wanted may run beside each other."""

    help = "Deliver due webhooks, signed and under live consent, until SIGTERM."

    def handle(self, *_args: Any, **_options: Any) -> None:
        """Run until a signal comes."""
        asyncio.run(process.run(on_ready=lambda: self.stdout.write("dispatching webhooks")))
