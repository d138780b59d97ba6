"""
``python -m tests.faults.soak --minutes 10 --rate 5000 --seed 7``: a steady rate under random faults, and a report.

It ends with status 0 if at the end the journal and all effects agree, no process has grown and no connection was left
behind. It runs on services of its own, which end with it.
"""

import random
import secrets
import sys
import tempfile
import time
from argparse import ArgumentParser, Namespace
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path

import psutil
from rich.console import Console
from rich.table import Table

from tests.faults.oracle import judge
from tests.faults.schedules import Faults
from tests.faults.world import World, prepare_template, running_world
from tests.support.services import private_set

SPARED = ("relay", "consumers")
"""Processes that live from the first to the last minute: what leaks shows in them."""
CHANGES_IN_DEED = 50
WARM_UP_SHARE = 0.3
MAY_GROW_BY = 0.25
MAY_GROW_BY_MIB = 24
CATCHES_UP_WITHIN_S = 600
SETTLES_WITHIN_S = 30

console = Console()


@dataclass(slots=True)
class Series:
    """Numbers and when they were taken, in seconds since the beginning."""

    values: list[tuple[float, float]] = field(default_factory=list)

    def highest(self, since: float, until: float) -> float:
        """Return the highest one between two moments; 0 without any."""
        return max((value for at, value in self.values if since <= at < until), default=0)


@dataclass(slots=True)
class Watch:
    """Looks at memory and connections now and then."""

    world: World
    began_at: float = field(default_factory=time.monotonic)
    memory_mib: dict[str, Series] = field(default_factory=lambda: {name: Series() for name in SPARED})

    @property
    def seconds(self) -> float:
        """How long it has been watching."""
        return time.monotonic() - self.began_at

    def look(self) -> None:
        """Note the memory of those that are spared."""
        for name, series in self.memory_mib.items():
            rss = psutil.Process(self.world.processes[name].pid).memory_info().rss
            series.values.append((self.seconds, rss / 2**20))

    def growth(self) -> Mapping[str, tuple[float, float]]:
        """Return, by process, the highest memory after the start had settled, and at the end."""
        end = self.seconds
        settled = end * WARM_UP_SHARE
        middle = (settled + end) / 2
        return {
            name: (series.highest(settled, middle), series.highest(middle, end + 1))
            for name, series in self.memory_mib.items()
        }


def main() -> int:
    """Soak, print the report, return the status."""
    options = _options()
    chance = random.Random(options.seed)
    command = f"make soak MINUTES={options.minutes:g} RATE={options.rate:g} SEED={options.seed}"
    console.print(f"[bold]{command}[/bold]")
    with _standing_world() as world:
        _start_readers(world)
        connections = _connections_when_settled(world)
        _start_writers(world, options)
        watch = Watch(world)
        strikes = _strike_until(options.minutes * 60, world, Faults(world, chance, without=("set_groups_back",)), watch)
        for name in ("writer", "unkind writer"):
            world.end(name)
        problems = []
        changes = 0
        try:
            changes = judge(world, within_s=CATCHES_UP_WITHIN_S)
        except AssertionError as difference:
            problems.append(str(difference))
        problems += _growth_problems(watch)
        left = _connections_when_settled(world)
        if left > connections:
            problems.append(f"{left - connections} connections were left behind")
        _report(watch, changes, strikes, (connections, left))
        if problems:
            console.print(world.logs(), markup=False)
    for problem in problems:
        console.print(f"[red]{problem}[/red]")
    console.print("[green]Journal = effects.[/green]" if not problems else f"To repeat it: {command}")
    return 1 if problems else 0


def _options() -> Namespace:
    parser = ArgumentParser(description=__doc__)
    parser.add_argument("--minutes", type=float, default=10)
    parser.add_argument("--rate", type=float, default=5000, help="changes in a second")
    parser.add_argument("--seed", type=int, default=secrets.randbelow(10_000))
    return parser.parse_args()


@contextmanager
def _standing_world() -> Iterator[World]:
    with tempfile.TemporaryDirectory(prefix="soak-") as folder, private_set(Path(folder) / "services") as services:
        prepare_template(services)
        world_folder = Path(folder) / "world"
        world_folder.mkdir()
        with running_world(world_folder, services) as world:
            yield world


def _start_readers(world: World) -> None:
    for name in ("relay", "relay 2"):
        world.start_relay(name)
    for name in ("consumers", "consumers 2"):
        world.start_consumers(name)


def _start_writers(world: World, options: Namespace) -> None:
    """One that makes up the rate, and one that behaves badly."""
    world.start_writer(seed=options.seed, rate=options.rate, changes=CHANGES_IN_DEED, purses=2000, kind=True)
    world.start_writer("unkind writer", seed=options.seed + 1, rate=50)


def _strike_until(seconds: float, world: World, faults: Faults, watch: Watch) -> list[str]:
    """Let something go wrong every ten seconds or so, and look at the rest meanwhile."""
    strikes: list[str] = []
    next_strike = 15.0
    while watch.seconds < seconds:
        world.demand_life()
        watch.look()
        if watch.seconds >= next_strike and watch.seconds < seconds - 10:
            strikes.append(faults.strike())
            console.print(f"{watch.seconds:6.0f} s  {strikes[-1]}", highlight=False)
            next_strike = watch.seconds + 10
        time.sleep(1)
    return strikes


def _connections_when_settled(world: World) -> int:
    """Count the platform's sessions once no more of them come or go."""
    count = -1
    until = time.monotonic() + SETTLES_WITHIN_S
    while time.monotonic() < until:
        time.sleep(3)
        before, count = (
            count,
            world.value(
                "SELECT count(*) FROM pg_stat_activity WHERE datname = current_database()"
                " AND application_name LIKE 'millrace%' AND application_name NOT LIKE '%writer%'"
            ),
        )
        if before == count:
            break
    return count


def _growth_problems(watch: Watch) -> list[str]:
    return [
        f"{name} grew from {before:.0f} to {after:.0f} MiB"
        for name, (before, after) in watch.growth().items()
        if after > before * (1 + MAY_GROW_BY) + MAY_GROW_BY_MIB
    ]


def _report(watch: Watch, changes: int, strikes: list[str], connections: tuple[int, int]) -> None:
    table = Table(title="Soak", show_header=False)
    table.add_row("changes that were committed", f"{changes:,}")
    table.add_row("a second, over the whole time", f"{changes / watch.seconds:,.0f}")
    table.add_row("faults", str(len(strikes)))
    for name, (before, after) in watch.growth().items():
        table.add_row(f"memory of {name}", f"{before:.0f} → {after:.0f} MiB")
    table.add_row("connections", f"{connections[0]} → {connections[1]}")
    console.print(table)


if __name__ == "__main__":
    sys.exit(main())
