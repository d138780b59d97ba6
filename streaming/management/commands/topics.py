"""``manage.py topics apply|diff``: the broker's topics, as the rooms declare them."""

import sys
from argparse import ArgumentParser
from typing import Any

from django.core.management.base import BaseCommand

from streaming.broker_topics import apply_topics, topic_differences


class Command(BaseCommand):
    """Create and correct topics, or show where the broker differs (status 1 if it does)."""

    help = __doc__

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument("action", choices=["apply", "diff"])

    def handle(self, *_args: Any, action: str, **_options: Any) -> None:
        """Print a sentence for each topic that was changed, or differs."""
        if action == "apply":
            self._print(apply_topics(), otherwise="All topics are as declared.")
            return
        differences = topic_differences()
        self._print(differences, otherwise="All topics are as declared.")
        if differences:
            sys.exit(1)

    def _print(self, lines: list[str], *, otherwise: str) -> None:
        for line in lines or [otherwise]:
            self.stdout.write(line)
