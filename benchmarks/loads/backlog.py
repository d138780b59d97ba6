"""A million events wait, as after an outage of the broker, and the relay starts."""

import time

from benchmarks import data, relaying
from benchmarks.draining import records_on, wait_until
from benchmarks.goals import Goal
from benchmarks.measure import Sample, Side, Stretch, rotate
from benchmarks.processes import managing
from benchmarks.relaying import Place
from benchmarks.results import Result, noise_of, rows_of
from benchmarks.scale import Scale
from benchmarks.surroundings import Bench

DRAINED = "all of it at the broker"

_GOAL = Goal(what="a backlog of a million, from the start of the relay's process", unit="s", must=60, aim=20)


def run(bench: Bench, scale: Scale) -> Result:
    """Publish the whole backlog, from the start of the process to the last event at the broker."""
    place = relaying.here(bench)
    data.record(data.movements(scale.backlog, is_snapshot=True))
    rotation = rotate(
        [Side(name=DRAINED, measure=lambda: _drained(bench, place, scale.backlog))],
        rounds=scale.rounds,
        is_judged=bench.is_judged,
    )
    return Result(
        load="backlog",
        title="A backlog",
        about=(
            f"{scale.backlog:,} events of {scale.backlog // data.RECORDED_AT_ONCE:,} transactions wait in the log. The "
            "time runs from the start of the relay's process, its imports and its lease included, until the broker "
            "has the last of them."
        ),
        rows=rows_of(rotation, unit="s"),
        judged=[_GOAL.judge(rotation.figures[DRAINED].median)],
        rounds=scale.rounds,
        **noise_of(rotation),
    )


def _drained(bench: Bench, place: Place, events: int) -> Sample:
    relaying.set_back(bench, place)
    with records_on(data.TOPIC) as count:
        end = count() + events
        taken = Stretch(bench.parts)
        began_at = time.monotonic()
        with managing(bench, "relay"):
            wait_until(lambda: count() >= end)
            seconds = time.monotonic() - began_at
            taken.end()
        return taken.sample(seconds)
