"""Publishing the log: against a bare producer, and against one Celery task per event."""

from contextlib import ExitStack

import psycopg

from benchmarks import data, relaying
from benchmarks.crew import Crew, crew
from benchmarks.draining import rate_of, records_on
from benchmarks.goals import Goal
from benchmarks.measure import Sample, Side, rotate, stretch
from benchmarks.plain import task_per_event
from benchmarks.processes import started
from benchmarks.relaying import Place
from benchmarks.results import Result, noise_of, rows_of
from benchmarks.scale import Scale
from benchmarks.surroundings import Bench

BARE, RELAY, TASKS = "bare producer", "relay", "one Celery task per event"

_OF_BARE = Goal(what="relay ÷ bare producer", unit="times", must=0.15, aim=0.25)
_OF_TASKS = Goal(what="relay ÷ one Celery task per event", unit="times", must=50, aim=100)


def run(bench: Bench, scale: Scale) -> Result:
    """Publish the same events from the log in all three ways."""
    place = relaying.here(bench)
    data.record(data.movements(scale.relayed, is_snapshot=True))
    with ExitStack() as stack:
        producer = stack.enter_context(
            crew(
                bench,
                "benchmarks.limit.bare_producer:producer",
                part="bare producer",
                after_id=place.last_id,
                events=scale.relayed,
            )
        )
        rotation = rotate(
            [
                Side(name=BARE, measure=lambda: _bare(bench, producer, scale.relayed)),
                Side(name=RELAY, measure=lambda: relaying.published_from(bench, place, events=scale.relayed)),
                Side(name=TASKS, measure=lambda: _by_tasks(bench, place, scale.tasks)),
            ],
            rounds=scale.rounds,
            is_judged=bench.is_judged,
        )
    return Result(
        load="relay",
        title="Publishing the log",
        about=(
            f"{scale.relayed:,} movements ({_payload_bytes()} B of JSON each, 12 partitions) are in the log. The "
            "*relay* is `manage.py relay`, from its stored place on, watched at the broker. The *bare producer* has "
            "the same client, settings, keys, headers and delivery callbacks, and all messages lie ready in memory. "
            f"*Tasks* publish {scale.tasks:,} of the events, one Celery task each, by a worker with a process per "
            "core: load the row, produce, wait for the broker."
        ),
        rows=rows_of(rotation, unit="events/s"),
        judged=[_OF_BARE.judge(rotation.ratio(RELAY, BARE)), _OF_TASKS.judge(rotation.ratio(RELAY, TASKS))],
        rounds=scale.rounds,
        **noise_of(rotation),
    )


def _bare(bench: Bench, producer: Crew, events: int) -> Sample:
    with stretch(bench.parts) as taken:
        (seconds,) = producer.go()
    return taken.sample(events / seconds)


def _by_tasks(bench: Bench, place: Place, events: int) -> Sample:
    with psycopg.connect(bench.admin_url) as connection:
        ids = connection.execute(
            "SELECT event_id::text FROM streaming_event WHERE id > %s ORDER BY id LIMIT %s", [place.last_id, events]
        ).fetchall()
    for (event_id,) in ids:
        task_per_event.publish.delay(event_id)
    with records_on(data.TOPIC) as count:
        before = count()
        with started(bench, "task worker", task_per_event.WORKER):
            return rate_of(bench, count, begin=before, end=before + events)


def _payload_bytes() -> int:
    return len(data.a_movement(is_snapshot=True).to_payload())
