"""``manage.py groups``: how the groups of consumers stand, and what people may do with them."""

import argparse
import getpass
import os
from collections.abc import Callable, Iterator, Sequence
from datetime import UTC, datetime
from functools import partial
from typing import Any

from django.core.management.base import BaseCommand, CommandError, CommandParser
from rich.console import Console
from rich.table import Table

from kernel import clock, context
from kernel.errors import DomainError
from streaming import services
from streaming.consuming.offsets import Partition
from streaming.selectors import (
    GroupStanding,
    get_declared_group,
    list_group_standings,
    list_open_letters,
    list_parked_keys,
)
from streaming.services import Destination


class Command(BaseCommand):
    """Lists the groups; or does one deed, whose reason goes into the event log with the name of who did it."""

    help = "How the groups of consumers stand; to pause, resume and move them, and to deal with their dead letters."

    def add_arguments(self, parser: CommandParser) -> None:
        """Declare the deeds; without one, the groups are listed."""
        deeds = parser.add_subparsers(dest="deed", metavar="DEED")
        every = deeds.add_parser("list", help="How each group stands (the same as no deed).")
        every.add_argument("--partitions", action="store_true", dest="has_partitions", help="a line for each")
        letters = deeds.add_parser("letters", help="The dead letters of a group that still wait, oldest first.")
        letters.add_argument("group", metavar="GROUP")
        _deed(deeds, "pause", "Let a group read nothing until it is resumed.")
        resume = _deed(deeds, "resume", "Let a paused group go on, and the partitions that it had given up on.")
        resume.add_argument("--partition", type=_partition, help="TOPIC/NUMBER: let only this stopped one go on")
        seek = _deed(deeds, "seek", "Let a paused group read on elsewhere.")
        seek.add_argument("--to", type=_destination, required=True, help="earliest, latest, an offset, an ISO time")
        seek.add_argument("--partition", type=_partition, help="TOPIC/NUMBER: move only this one")
        redrive = _deed(deeds, "redrive", "Apply dead letters after all: of one key, one letter, or all of them.")
        discard = _deed(deeds, "discard", "Give dead letters up: of one key, or one letter.")
        for parser_of_letters in (redrive, discard):
            parser_of_letters.add_argument("--topic", help="of the key")
            which = parser_of_letters.add_mutually_exclusive_group(required=True)
            which.add_argument("--key", help="all letters of this parked key, with --topic")
            which.add_argument("--letter", type=int, help="the letter of this number")
            if parser_of_letters is redrive:
                which.add_argument(
                    "--all", action="store_true", dest="is_all", help="each key, and each letter without one, by itself"
                )

    def handle(self, *_args: Any, deed: str | None, **options: Any) -> None:
        """Do the deed under the name of whoever is signed in to this machine."""
        try:
            with context.acting(actor=f"shell:{_whoever_is_here()}"):
                getattr(self, f"_{deed or 'list'}")(**options)
        except DomainError as refusal:
            raise CommandError(refusal.message) from refusal

    def _list(self, *, has_partitions: bool = False, **_: Any) -> None:
        standings = list_group_standings()
        console = Console(width=_WIDE)
        with console.capture() as table:
            console.print(_partition_table(standings) if has_partitions else _group_table(standings))
        self.stdout.write(table.get())
        for standing in standings:
            for line in _what_stands_still(standing):
                self.stdout.write(line)
        if any(standing.records is None for standing in standings):
            self.stdout.write("The broker does not answer: how far the groups are behind is not known.")

    def _letters(self, *, group: str, **_: Any) -> None:
        for letter in list_open_letters(group=get_declared_group(group).name, limit=None):
            place = f"{letter.topic}/{letter.partition}@{letter.offset}"
            self.stdout.write(f"{letter.pk}  {place}  {letter.key or '–'}  {letter.state}  {letter.error}")

    def _pause(self, *, group: str, reason: str, **_: Any) -> None:
        services.pause_group(group=group, reason=reason, now=clock.now())
        self.stdout.write(f"{group} is paused; its members notice within seconds.")

    def _resume(self, *, group: str, reason: str, partition: Partition | None, **_: Any) -> None:
        if partition is None:
            services.resume_group(group=group, reason=reason, now=clock.now())
        else:
            topic, number = partition
            services.let_partition_go_on(group=group, topic=topic, partition=number, reason=reason, now=clock.now())
        self.stdout.write(f"{group} goes on; its members notice within seconds.")

    def _seek(self, *, group: str, reason: str, to: Destination, partition: Partition | None, **_: Any) -> None:
        for move in services.seek_group(group=group, to=to, reason=reason, now=clock.now(), partition=partition):
            self.stdout.write(str(move))

    def _redrive(self, *, group: str, reason: str, letter: int | None, is_all: bool, **key: Any) -> None:
        if is_all:
            self._redrive_all(group, reason)
        elif letter is not None:
            count = services.redrive_letter(letter_id=letter, reason=reason, now=clock.now())
            self.stdout.write(f"Letters applied: {count}.")
        else:
            count = services.redrive_letters(group=group, reason=reason, now=clock.now(), **_key(**key))
            self.stdout.write(f"Letters applied: {count}. The key is free.")

    def _redrive_all(self, group: str, reason: str) -> None:
        """Redrive each key and each letter without one by itself: one that still fails keeps no other one waiting."""
        failed = 0
        for which, redrive in _redrives(group, reason):
            try:
                self.stdout.write(f"{which}: letters applied: {redrive()}.")
            except DomainError as refusal:
                failed += 1
                self.stdout.write(f"{which}: {refusal.message}")
        if failed:
            raise CommandError(f"Still to be dealt with: {failed}.")

    def _discard(self, *, group: str, reason: str, letter: int | None, **key: Any) -> None:
        if letter is None:
            count = services.discard_letters(group=group, reason=reason, now=clock.now(), **_key(**key))
            self.stdout.write(f"Letters given up: {count}. The key is free.")
        else:
            behind = services.discard_letter(letter_id=letter, reason=reason, now=clock.now())
            self.stdout.write(f"Given up. Letters behind it that were applied: {behind}.")


_WIDE = 1000
"""Nothing of a table is cut off, however narrow the terminal or the pipe is."""


def _whoever_is_here() -> str:
    """Name the user of this process; in a container there may be only a number."""
    try:
        return getpass.getuser()
    except (KeyError, OSError):
        return f"user-{os.getuid()}"


def _deed(deeds: Any, name: str, about: str) -> argparse.ArgumentParser:
    parser: argparse.ArgumentParser = deeds.add_parser(name, help=about, description=about)
    parser.add_argument("group", metavar="GROUP")
    parser.add_argument("--reason", required=True, help="why; it is kept in the event log")
    return parser


def _redrives(group: str, reason: str) -> Iterator[tuple[str, Callable[[], int]]]:
    """Yield what there is to redrive of a group, each with the deed that does it."""
    parked = {(each.topic, each.key) for each in list_parked_keys(group=group, limit=None)}
    for topic, key in sorted(parked):
        yield (
            f"{topic} {key}",
            partial(services.redrive_letters, group=group, topic=topic, key=key, reason=reason, now=clock.now()),
        )
    for letter in list_open_letters(group=group, limit=None):
        if (letter.topic, letter.key) not in parked:
            deed = partial(services.redrive_letter, letter_id=letter.pk, reason=reason, now=clock.now())
            yield f"Letter {letter.pk}", deed


def _key(*, topic: str | None, key: str, **_: Any) -> dict[str, str]:
    if topic is None:
        raise CommandError("Name the key's topic: --topic.")
    return {"topic": topic, "key": key}


def _partition(text: str) -> Partition:
    topic, _, number = text.rpartition("/")
    if not topic or not number.isdecimal():
        raise argparse.ArgumentTypeError(f"not TOPIC/NUMBER: {text}")
    return topic, int(number)


def _destination(text: str) -> Destination:
    if text in {"earliest", "latest"}:
        return text  # type: ignore[return-value]  # one of the two, as was just compared.
    if text.isdecimal():
        return int(text)
    try:
        moment = datetime.fromisoformat(text)
    except ValueError:
        raise argparse.ArgumentTypeError(f"neither earliest, latest, an offset nor an ISO time: {text}") from None
    return moment if moment.tzinfo else moment.replace(tzinfo=UTC)


def _group_table(standings: Sequence[GroupStanding]) -> Table:
    table = _table("Group", "State", "Events behind", "Seconds behind", "Parked keys", "Open letters")
    for each in standings:
        table.add_row(
            each.group,
            _state(each),
            _number(each.records),
            _age(each.records, each.oldest_at),
            str(each.parked_keys),
            str(each.open_letters),
        )
    return table


def _partition_table(standings: Sequence[GroupStanding]) -> Table:
    table = _table("Group", "Partition", "Next offset", "Events behind", "Seconds behind", "State")
    for each in standings:
        for partition in each.partitions:
            table.add_row(
                each.group,
                f"{partition.topic}/{partition.partition}",
                _number(partition.next_offset),
                _number(partition.records),
                _age(partition.records, partition.oldest_at),
                "stopped" if partition.stopped_at else "open",
            )
    return table


def _table(*headings: str) -> Table:
    table = Table(box=None, pad_edge=False)
    for heading in headings:
        is_number = heading in {"Next offset", "Events behind", "Seconds behind", "Parked keys", "Open letters"}
        table.add_column(heading, justify="right" if is_number else "left", no_wrap=True)
    return table


def _what_stands_still(standing: GroupStanding) -> Iterator[str]:
    if standing.paused_at is not None:
        since = f"{standing.paused_at:%Y-%m-%d %H:%M:%S} UTC"
        yield f"{standing.group}: paused by {standing.paused_by} since {since}: {standing.pause_reason}"
    for each in standing.stopped:
        since = f"{each.stopped_at:%Y-%m-%d %H:%M:%S} UTC"
        yield f"{standing.group}: stopped at {each.topic}/{each.partition} since {since}: {each.stop_reason}"


def _state(standing: GroupStanding) -> str:
    if standing.paused_at is not None:
        return "paused"
    return f"stopped partitions: {len(standing.stopped)}" if standing.stopped else "not paused"


def _number(value: int | None) -> str:
    return "–" if value is None else str(value)


def _age(records: int | None, oldest_at: datetime | None) -> str:
    if records == 0:
        return "0"
    return _number(None if oldest_at is None else max(0, int((clock.now() - oldest_at).total_seconds())))
