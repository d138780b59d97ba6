"""How soon an event is at the broker and in a view, while little happens and while the API takes all it can get."""

import statistics
from bisect import bisect_right
from collections import defaultdict
from collections.abc import Callable, Iterable, Mapping, Sequence
from contextlib import ExitStack
from dataclasses import dataclass, replace
from typing import TypeAlias

from confluent_kafka import TopicPartition
from confluent_kafka.admin import AlterConfigOpType, ConfigEntry, ConfigResource, ResourceType

from benchmarks import data
from benchmarks.crew import Crew, crew
from benchmarks.draining import ends_of
from benchmarks.goals import Goal
from benchmarks.measure import Sample, Side, rotate, stretch
from benchmarks.observing import Sighting
from benchmarks.pacing import events_of
from benchmarks.page import a_page, seed_bank
from benchmarks.processes import running
from benchmarks.results import Result, noise_of, rows_of
from benchmarks.saturating import saturated
from benchmarks.scale import Scale
from benchmarks.surroundings import Bench
from streaming import kafka
from streaming.topics import topic_name

PROCESSES = ("web", "relay", "relay-standby", "worker", "beat", "consumers", "dispatcher")
"""All of the Procfile but the simulated core, which would add events of its own."""
SETTLING_S = 2.0
"""The API stays busy so long after the last commit."""

PAGES = "pages served"
TO_BROKER, TO_VIEW = "commit → broker", "broker → visible"

_GOALS = {
    (False, TO_BROKER): Goal(what=f"{TO_BROKER}, p99", unit="ms", must=50, aim=25),
    (False, TO_VIEW): Goal(what=f"{TO_VIEW}, p99", unit="ms", must=50, aim=20),
    (True, TO_BROKER): Goal(what=f"{TO_BROKER}, p99", unit="ms", must=250, aim=100),
    (True, TO_VIEW): Goal(what=f"{TO_VIEW}, p99", unit="ms", must=250, aim=100),
}
"""By whether the API is saturated, and by hop."""

Place: TypeAlias = tuple[int, int]
"""Partition and offset."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Case:
    """At which rate, and what else goes on."""

    rate: int
    is_saturated: bool

    @property
    def name(self) -> str:
        """What the rows are called."""
        return f"{self.rate:,}/s, {'API saturated' if self.is_saturated else 'idle'}"


def run(bench: Bench, scale: Scale) -> Result:
    """Measure each rate, with and without load on the API, on the whole platform."""
    _let_broker_stamp(data.TOPIC)
    cases = [Case(rate=rate, is_saturated=is_saturated) for is_saturated in (False, True) for rate in scale.rates]
    with ExitStack() as stack:
        stack.enter_context(running(bench, *PROCESSES))
        seed_bank(bench, customers=scale.customers)
        watchers = _Watchers(
            writer=stack.enter_context(crew(bench, "benchmarks.pacing:writer", part="writer")),
            observer=stack.enter_context(crew(bench, "benchmarks.observing:observer", part="observer")),
        )
        rotation = rotate(
            [Side(name=case.name, measure=_measurer(bench, watchers, case, scale.paced_s)) for case in cases],
            rounds=scale.rounds,
            is_judged=bench.is_judged,
        )
    judged = []
    for (is_saturated, hop), goal in _GOALS.items():
        case = Case(rate=max(scale.rates), is_saturated=is_saturated)
        measured = rotation.figures[_row(case, hop, "p99")].median
        judged.append(replace(goal, what=f"{goal.what}, {case.name}").judge(measured))
    return Result(
        load="freshness",
        title="Freshness",
        about=(
            "All processes of the Procfile run but the simulated core. A writer records movements at a steady rate, "
            "each in a transaction of its own; each is news, so its consumer records another event, and the relay "
            "carries twice the rate. *Commit → broker* ends with the broker's own time of appending, *broker → "
            "visible* begins with it and ends when another connection, which looks every 2 ms, finds the event "
            "applied. The broker's time counts in whole milliseconds, to our disadvantage in both. *Saturated*: "
            "pages of 100 transactions are requested over 16 connections meanwhile, as fast as they are served."
        ),
        limits=(
            "Both cores are busy at either rate, for requests cost more here than events: the relay's client sends one "
            "for each partition, about 500 a second at 1,000 events/s, and the broker answers those of a connection "
            "one after the other, in about 5 ms each. So a record waits about 20 ms on average in the client, the "
            "slowest of a hundred 80 to 230 ms. The embedded broker compiles its code for a quick start, not for speed."
        ),
        rows=rows_of(rotation, unit=_unit),
        judged=judged,
        rounds=scale.rounds,
        **noise_of(rotation),
    )


@dataclass(frozen=True, slots=True, kw_only=True)
class _Watchers:
    """The processes that write at a rate and look what becomes of it."""

    writer: Crew
    observer: Crew


def _measurer(bench: Bench, watchers: _Watchers, case: Case, seconds: float) -> Callable[[], Sample]:
    def measure() -> Sample:
        if not case.is_saturated:
            return _measured(bench, watchers, case, seconds)
        page = a_page(bench)
        with saturated(bench, url=page.url, token=page.token, seconds=seconds + SETTLING_S) as served_per_s:
            sample = _measured(bench, watchers, case, seconds)
            return sample.with_more({f"{case.name}: {PAGES}": served_per_s()})

    return measure


def _measured(bench: Bench, watchers: _Watchers, case: Case, seconds: float) -> Sample:
    """Write, look, and put together when each event was committed, appended and visible."""
    begin = ends_of(data.TOPIC)
    total = sum(begin.values()) + events_of(rate=case.rate, seconds=seconds)
    with stretch(bench.parts) as taken:
        watchers.observer.start(total=total)
        (committed,) = watchers.writer.go(rate=case.rate, seconds=seconds)
    (sightings,) = watchers.observer.results()
    appended = _appended(begin, ends_of(data.TOPIC))
    visible = _Visibility(sightings)
    to_broker = [(appended[event][1] - at) * 1_000 for event, at in committed.items()]
    to_view = [
        (visible.at(place) - appended_at) * 1_000 for place, appended_at in (appended[event] for event in committed)
    ]
    figures = {
        _row(case, hop, name): value
        for hop, latencies in ((TO_BROKER, to_broker), (TO_VIEW, to_view))
        for name, value in _percentiles(latencies).items()
    }
    achieved = len(committed) / taken.seconds
    return taken.sample(achieved).with_more(figures)


def _row(case: Case, hop: str, percentile: str) -> str:
    return f"{case.name}: {hop}, {percentile}"


def _unit(row: str) -> str:
    if row.endswith(PAGES):
        return "pages/s"
    return "ms" if TO_BROKER in row or TO_VIEW in row else "events/s"


def _percentiles(latencies_ms: Sequence[float]) -> Mapping[str, float]:
    hundredths = statistics.quantiles(latencies_ms, n=100)
    return {"p50": hundredths[49], "p99": hundredths[98]}


class _Visibility:
    """When the records of each partition were seen to be applied."""

    def __init__(self, sightings: Iterable[Sighting]) -> None:
        self._offsets: dict[int, list[int]] = defaultdict(list)
        self._times: dict[int, list[float]] = defaultdict(list)
        for at, partition, offset in sightings:
            self._offsets[partition].append(offset)
            self._times[partition].append(at)

    def at(self, place: Place) -> float:
        """Return the first sighting of an offset beyond the record's own."""
        partition, offset = place
        return self._times[partition][bisect_right(self._offsets[partition], offset)]


def _appended(begin: Mapping[int, int], end: Mapping[int, int]) -> dict[str, tuple[Place, float]]:
    """Return, of each event, its place on the topic and when (seconds since 1970) the broker appended it."""
    client = kafka.new_consumer(topic_name("benchmark"))
    found: dict[str, tuple[Place, float]] = {}
    left = sum(end[number] - begin[number] for number in begin)
    try:
        client.assign([TopicPartition(topic_name(data.TOPIC), number, at) for number, at in begin.items()])
        while left > 0:
            for message in client.consume(1_000, 1.0):
                if message.error() is not None or message.offset() >= end[message.partition()]:
                    continue
                left -= 1
                place = message.partition(), message.offset()
                event_id = dict(message.headers())["ce_id"].decode()
                found.setdefault(event_id, (place, message.timestamp()[1] / 1_000))
    finally:
        client.close()
    return found


def _let_broker_stamp(topic: str) -> None:
    """Let the broker write its own time into the records: that of the relay says when it sent, not when it arrived."""
    resource = ConfigResource(
        ResourceType.TOPIC,
        topic_name(topic),
        incremental_configs=[
            ConfigEntry("message.timestamp.type", "LogAppendTime", incremental_operation=AlterConfigOpType.SET)
        ],
    )
    admin = kafka.new_admin()  # held until the answer is there.
    for done in admin.incremental_alter_configs([resource]).values():
        done.result()
