"""``manage.py events schemas --write | --check``: the JSON Schema of every event type, kept in ``docs/events``."""

import sys
from argparse import ArgumentParser
from typing import Any

from django.core.management.base import BaseCommand

from streaming.snapshots import snapshot_differences, write_snapshots


class Command(BaseCommand):
    """Write the snapshots, or show where they differ from the classes (status 1 if they do)."""

    help = __doc__

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument("subject", choices=["schemas"])
        action = parser.add_mutually_exclusive_group(required=True)
        action.add_argument("--write", action="store_true", dest="is_writing")
        action.add_argument("--check", action="store_false", dest="is_writing")

    def handle(self, *_args: Any, is_writing: bool, **_options: Any) -> None:
        """Print the name of each snapshot that was written, or differs."""
        lines = write_snapshots() if is_writing else snapshot_differences()
        for line in lines or ["All snapshots are as the classes say."]:
            self.stdout.write(line)
        if lines and not is_writing:
            sys.exit(1)
