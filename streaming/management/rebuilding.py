"""``consume --rebuild`` and ``--fill`` at a terminal: asks, shows how far it is, and tells what was found."""

import sys
import time
from argparse import ArgumentParser
from collections.abc import Mapping
from typing import Any

from django.core.management.base import CommandError
from rich.console import Console
from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeElapsedColumn

from streaming.consuming.registry import Group
from streaming.rebuilding.errors import RebuildFailed, RebuildRefused
from streaming.rebuilding.filling import fill_from_log
from streaming.rebuilding.rebuild import Comparison, Outcome, rebuild


def add_rebuild_arguments(parser: ArgumentParser) -> None:
    """Add the options of a rebuild, and of a fill."""
    options = parser.add_argument_group("mending", "instead of running groups; the live views serve meanwhile")
    which = options.add_mutually_exclusive_group()
    which.add_argument("--rebuild", metavar="GROUP", help="build the group's views anew from its events, and compare")
    which.add_argument(
        "--fill",
        metavar="GROUP",
        help="apply, out of the log, what the group has not had and its topics no longer hold",
    )
    options.add_argument(
        "--from",
        choices=["log", "topics"],
        default="log",
        dest="source",
        help="what is read for it; the log by default",
    )
    options.add_argument("--check", action="store_true", dest="is_check", help="compare only; status 1 if they differ")
    options.add_argument("--yes", action="store_true", dest="is_sure", help="replace what differs without asking")


def fill_on_console(group: Group, console: Console) -> None:
    """
    Apply out of the log what a group has not had, and tell how much that was.

    :raises CommandError: if it cannot be done.
    """
    with _bar(console) as bar:
        task = bar.add_task(group.name, total=None)
        try:
            applied = fill_from_log(group, progress=lambda done, total: bar.update(task, completed=done, total=total))
        except (RebuildRefused, RebuildFailed) as error:
            raise CommandError(str(error)) from None
    console.print(f"{applied:,} records of the log applied, which {group.name} had not had")


def rebuild_on_console(group: Group, options: Mapping[str, Any], console: Console) -> None:
    """
    Rebuild, compare, and replace what differs, as far as the options and whoever is asked allow.

    :raises CommandError: if it cannot be done.
    """
    started = time.monotonic()
    with _bar(console) as bar:
        task = bar.add_task(group.name, total=None)

        def may_replace(comparison: Comparison) -> bool:
            bar.stop()
            _show(comparison, console)
            return not options["is_check"] and (options["is_sure"] or _says_yes(group, console))

        try:
            outcome = rebuild(
                group,
                source=options["source"],
                may_replace=may_replace,
                progress=lambda done, total: bar.update(task, completed=done, total=total),
            )
        except (RebuildRefused, RebuildFailed) as error:
            raise CommandError(str(error)) from None
    _tell(outcome, console)
    console.print(f"{time.monotonic() - started:.1f} s, {outcome.comparison.records:,} records applied")
    if options["is_check"] and not outcome.comparison.is_equal:
        sys.exit(1)


def _bar(console: Console) -> Progress:
    columns = (TextColumn("{task.description}"), BarColumn(), MofNCompleteColumn(), TimeElapsedColumn())
    return Progress(*columns, console=console)


def _says_yes(group: Group, console: Console) -> bool:
    answer = console.input(f"Replace the rows of {', '.join(group.views)} that differ? [y/N] ")
    return answer.strip().lower() == "y"


def _show(comparison: Comparison, console: Console) -> None:
    for live, rebuilt in zip(comparison.live, comparison.rebuilt, strict=True):
        console.print(f"{live.table}: {'equal' if live == rebuilt else 'differs'}")
        for name, digest in (("live", live), ("rebuilt", rebuilt)):
            console.print(f"  {name:<8}{digest.rows:>12,} rows  {digest.digest}", highlight=False)


def _tell(outcome: Outcome, console: Console) -> None:
    if outcome.comparison.is_equal:
        _show(outcome.comparison, console)
        console.print("The views are what their events say; nothing was replaced.")
    elif not outcome.replaced:
        console.print("The views differ from what their events say; nothing was replaced.")
    for each in outcome.replaced:
        console.print(f"{each.table}: {each.removed:,} rows removed, {each.added:,} added; both digests agree now.")
