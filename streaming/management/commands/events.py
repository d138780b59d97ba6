"""
``manage.py events …``: the contracts of all event types.

``docs --write`` writes ``docs/events`` anew, ``docs --check`` shows where it differs from the classes; ``gate`` says
what the present contracts break of those that were released, ``release`` freezes what has changed, ``list`` lists.
"""

import sys
from argparse import ArgumentParser
from collections.abc import Sequence
from typing import Any

from django.core.management.base import BaseCommand, CommandError

from streaming.contracts.documents import document_differences, write_documents
from streaming.contracts.registry import contracts
from streaming.contracts.releases import RefusedChange, judge, release


class Command(BaseCommand):
    """Look after the contracts; the status is 1 if a check finds something."""

    help = __doc__

    def add_arguments(self, parser: ArgumentParser) -> None:
        subjects = parser.add_subparsers(dest="subject", required=True)
        documents = subjects.add_parser("docs").add_mutually_exclusive_group(required=True)
        documents.add_argument("--write", action="store_true", dest="is_writing")
        documents.add_argument("--check", action="store_false", dest="is_writing")
        for name in ("gate", "release", "list"):
            subjects.add_parser(name)

    def handle(self, *_args: Any, subject: str, is_writing: bool = False, **_options: Any) -> None:
        """Do what was asked for."""
        match subject:
            case "gate":
                self._gate()
            case "release":
                self._release()
            case "list":
                self._list()
            case _:
                self._documents(is_writing=is_writing)

    def _documents(self, *, is_writing: bool) -> None:
        lines = write_documents() if is_writing else document_differences()
        self._print(lines, otherwise="All documents of events are as the classes say.")
        if lines and not is_writing:
            self.stderr.write("Run: manage.py events docs --write")
            sys.exit(1)

    def _gate(self) -> None:
        judgement = judge()
        for notice in judgement.notices:
            self.stdout.write(f"{notice}; `manage.py events release` freezes it.")
        self._print(judgement.refusals, otherwise="No contract breaks what was released.")
        if judgement.refusals:
            sys.exit(1)

    def _release(self) -> None:
        try:
            written = release()
        except RefusedChange as refusal:
            raise CommandError(str(refusal)) from refusal
        self._print(written, otherwise="Nothing has changed since the last release.")

    def _list(self) -> None:
        for each in contracts():
            key = f"{each.topic.name} by {each.key}"
            rows = " ".join(each.serves)
            self.stdout.write(f"{each.name:<36} v{each.schema_version}  {key:<44} {each.personal_data.value:<9} {rows}")

    def _print(self, lines: Sequence[str], *, otherwise: str) -> None:
        for line in lines or [otherwise]:
            self.stdout.write(line)
