"""
``manage.py relay``: publishes the event log without Celery, as leader or as the one who waits.

``relay status`` shows who publishes and how far; ``relay adopt`` lets a log be published after a restore.
"""

import threading
from argparse import ArgumentParser
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import orjson
from confluent_kafka import KafkaException
from django.core.management.base import BaseCommand, CommandError, OutputWrapper
from django.utils.dateparse import parse_datetime
from rich.console import Console
from rich.table import Table

from kernel import clock
from streaming.flow import measure_held, measure_relays
from streaming.management.threads import run_threads
from streaming.relaying.adoption import Findings, StillPublished, adopt, examine
from streaming.relaying.loop import RelayLoop
from streaming.relaying.ranges import ShardRange, ranges
from streaming.relaying.status import RangeStatus, list_ranges
from streaming.stopping import stop_on_signals

LOOK_AGAIN_AFTER_S = 1.0
LOST_SHOWN = 20
WIDTH = 160


class Command(BaseCommand):
    """Run a relay for each range of shards, until SIGTERM or SIGINT; or look at them; or adopt a restored log."""

    help = __doc__

    def add_arguments(self, parser: ArgumentParser) -> None:
        deeds = parser.add_subparsers(dest="deed", metavar="status|adopt")
        deeds.add_parser("status", help="show leases, cursors, what is unsent and what is held")
        adopting = deeds.add_parser("adopt", help="publish a restored log: send again all events since a time")
        adopting.add_argument(
            "--since",
            required=True,
            type=_moment,
            metavar="TIME",
            help="some minutes before the moment to which the database was restored; ISO 8601, UTC if it names no zone",
        )
        adopting.add_argument("--lost-to", type=Path, metavar="FILE", help="write the lost events there, as JSON lines")
        adopting.add_argument("--yes", action="store_true", dest="is_agreed", help="ask nothing")

    def handle(self, *_args: Any, deed: str | None, **options: Any) -> None:
        """Run until told to stop, or do what the sub-command says."""
        if deed == "status":
            _show_status(self.stdout)
        elif deed == "adopt":
            self._adopt(options["since"], lost_to=options["lost_to"], is_agreed=options["is_agreed"])
        else:
            _run_all()

    def _adopt(self, since: datetime, *, lost_to: Path | None, is_agreed: bool) -> None:
        if since >= clock.now():
            raise CommandError("--since must be in the past")
        try:
            findings = examine(since)
            _tell(findings, self.stdout)
            if lost_to is not None:
                lost_to.write_bytes(b"".join(orjson.dumps(event._asdict()) + b"\n" for event in findings.lost))
                self.stdout.write(f"They are written to {lost_to}.")
            if not is_agreed and input("Adopt the log? Type yes: ").strip() != "yes":
                raise CommandError("nothing was changed")
            sent_again = adopt(findings)
        except StillPublished as error:
            raise CommandError(f"{error} is being published: there is nothing to adopt. Or stop the relays") from None
        except KafkaException as error:
            raise CommandError(f"the broker does not answer: {error}") from None
        self.stdout.write(
            f"Adopted: {len(findings.heads)} aggregates lifted, {sent_again} events sent again as soon as a relay runs."
        )


def _moment(text: str) -> datetime:
    moment = parse_datetime(text)
    if moment is None:
        raise ValueError(text)
    return moment if moment.tzinfo else moment.replace(tzinfo=UTC)


def _tell(findings: Findings, output: OutputWrapper) -> None:
    output.write(f"Since {findings.since.isoformat()}:")
    output.write(f"  {findings.to_send} events of the log will be sent again; consumers drop those that they have had.")
    output.write(f"  {len(findings.lost)} events were published and are not in the log: they are lost to it.")
    if findings.lost:
        output.write("  Consumers may have acted on them. Decide for each what is to be made good:")
        _print_table(
            output,
            ("type", "aggregate", "version", "event", "where"),
            [
                (event.type, event.aggregate_id, str(event.version), event.event_id, _where(event))
                for event in findings.lost[:LOST_SHOWN]
            ],
        )
        if (more := len(findings.lost) - LOST_SHOWN) > 0:
            output.write(f"  … and {more} more; --lost-to FILE writes all of them.")
        output.write(f"  {len(findings.heads)} aggregates will go on above the versions that were published.")
    unknown = sum(event.aggregate_type is None for event in findings.lost)
    if unknown:
        output.write(
            f"  {unknown} of them are of types that this version does not know: their aggregates stay as they are."
        )
    if findings.stale:
        output.write(
            "  These were recorded since then under versions that lost events had. Groups that want the newest, or"
        )
        output.write("  every one, of an aggregate's versions will drop them:")
        _print_table(
            output,
            ("type", "aggregate", "version", "event"),
            [(kind, aggregate, str(version), event_id) for kind, event_id, aggregate, version in findings.stale],
        )


def _where(event: Any) -> str:
    return f"{event.topic}/{event.partition}@{event.offset}"


def _show_status(output: OutputWrapper) -> None:
    unsent = {flow.name: flow.oldest_unsent_at for flow in measure_relays()}
    rows = list_ranges()
    _print_table(
        output,
        ("range", "leader", "standby", "epoch", "cursor", "stored", "oldest unsent", "held"),
        [
            (
                row.name,
                row.leader or "nobody",
                row.standby or "nobody",
                str(row.epoch),
                _cursor(row),
                _time(row.stored_at),
                _time(unsent.get(row.name)),
                str(row.held),
            )
            for row in rows
        ],
    )
    for row in rows:
        if row.refusal is not None:
            output.write(f"{row.name} is refused since {_time(row.refused_at)}: {row.refusal}")
    if held := measure_held():
        _print_table(
            output,
            ("held topic", "events", "since", "what is wrong"),
            [(topic.topic, str(topic.events), _time(topic.since), topic.error) for topic in held],
        )


def _cursor(row: RangeStatus) -> str:
    return row.snap if row.window_snap is None else f"{row.snap} … {row.window_snap} at {row.last_id}"


def _time(moment: datetime | None) -> str:
    return moment.astimezone(UTC).strftime("%Y-%m-%d %H:%M:%S") if moment else "-"


def _print_table(output: OutputWrapper, heads: tuple[str, ...], rows: list[tuple[str, ...]]) -> None:
    table = Table(*heads, box=None, pad_edge=False)
    for row in rows:
        table.add_row(*row)
    console = Console(width=None if output.isatty() else WIDTH, highlight=False, markup=False)
    with console.capture() as printed:
        console.print(table)
    output.write(printed.get(), ending="")


def _run_all() -> None:
    """Run all ranges until told to stop; where two others run already, look again now and then."""
    stop = stop_on_signals()
    run_threads([threading.Thread(target=_run, args=(shards, stop), name=shards.name) for shards in ranges()])


def _run(shards: ShardRange, stop: threading.Event) -> None:
    try:
        while not stop.is_set():
            RelayLoop(shards, stop).run()
            stop.wait(LOOK_AGAIN_AFTER_S)
    finally:
        stop.set()  # a bug in one thread ends the process, so that its supervisor starts it anew.
