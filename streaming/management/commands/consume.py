"""``manage.py consume GROUP… | --all``: runs consumer groups; ``--rebuild`` and ``--fill`` mend one."""

import threading
from argparse import ArgumentParser
from collections.abc import Sequence
from typing import IO, Any, cast

from django.core.management.base import BaseCommand, CommandError
from rich.console import Console

from streaming.consuming.registry import Group, UnknownGroup, get_group, list_groups
from streaming.consuming.runner import GroupRunner
from streaming.management.rebuilding import add_rebuild_arguments, fill_on_console, rebuild_on_console
from streaming.management.threads import run_threads
from streaming.stopping import stop_on_signals


class Command(BaseCommand):
    """Consume until SIGTERM or SIGINT; what has been begun is finished first."""

    help = __doc__

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument("groups", nargs="*", metavar="GROUP")
        parser.add_argument("--all", action="store_true", dest="is_all", help="every group of the platform")
        add_rebuild_arguments(parser)

    def handle(self, *_args: Any, groups: Sequence[str], is_all: bool, **options: Any) -> None:
        """Run the groups until told to stop; or rebuild or fill one."""
        _refuse_what_does_not_fit(is_running=is_all or bool(groups), **options)
        if options["rebuild"]:
            rebuild_on_console(self._group(options["rebuild"]), options, Console(file=cast("IO[str]", self.stdout)))
            return
        if options["fill"]:
            fill_on_console(self._group(options["fill"]), Console(file=cast("IO[str]", self.stdout)))
            return
        chosen = list_groups() if is_all else [self._group(name) for name in groups]
        if not chosen:
            names = ", ".join(group.name for group in list_groups())
            raise CommandError(f"name a group, or --all. There are: {names}")
        stop = stop_on_signals()
        run_threads([threading.Thread(target=GroupRunner(group, stop).run, name=group.name) for group in chosen])

    def _group(self, name: str) -> Group:
        try:
            return get_group(name)
        except UnknownGroup:
            raise CommandError(f"no room declares the group {name}") from None


def _refuse_what_does_not_fit(
    *, is_running: bool, rebuild: str | None, fill: str | None, is_check: bool, **_options: Any
) -> None:
    """Who asked for a look only must not start a consumer by a slip."""
    if is_check and not rebuild:
        raise CommandError("--check goes with --rebuild GROUP")
    if is_running and (rebuild or fill):
        raise CommandError("--rebuild and --fill run no other groups")
