"""Applying events to a view: against bare COPY of the same rows, and against the ORM row by row."""

from contextlib import ExitStack

import psycopg
from django.conf import settings

from benchmarks import data, relaying
from benchmarks.crew import Crew, crew
from benchmarks.draining import ends_of, offsets_of, rate_of
from benchmarks.goals import Goal
from benchmarks.limit import copying
from benchmarks.measure import Sample, Side, rotate, stretch
from benchmarks.processes import managing
from benchmarks.results import Result, noise_of, rows_of
from benchmarks.scale import Scale
from benchmarks.surroundings import Bench

COPY, CONSUMER, ORM = "bare COPY", "consumer", "ORM, row by row"
VIEW = "accounts_transaction"

_OF_COPY = Goal(what="consumer ÷ bare COPY of the same rows", unit="times", must=0.30, aim=0.45)
_OF_ORM = Goal(what="consumer ÷ ORM, row by row", unit="times", must=60, aim=120)


def run(bench: Bench, scale: Scale) -> Result:
    """Apply the same movements in all three ways."""
    begin = ends_of(data.TOPIC)
    _publish(bench, scale.ingested)
    _ingested(bench, begin, scale.ingested)
    rows = copying.rows_of(bench.admin_url, VIEW)
    assert len(rows) == scale.ingested, f"the view holds {len(rows)} of {scale.ingested} movements"
    with ExitStack() as stack:
        row_by_row = stack.enter_context(
            crew(
                bench,
                "benchmarks.plain.row_by_row:consumer",
                part="ORM",
                begin={str(partition): offset for partition, offset in begin.items()},
                rows=scale.rows_one_by_one,
            )
        )
        rotation = rotate(
            [
                Side(name=COPY, measure=lambda: _copied(bench, rows)),
                Side(name=CONSUMER, measure=lambda: _ingested(bench, begin, scale.ingested)),
                Side(name=ORM, measure=lambda: _row_by_row(bench, row_by_row, scale.rows_one_by_one)),
            ],
            rounds=scale.rounds,
            is_judged=bench.is_judged,
        )
    return Result(
        load="ingest",
        title="Events become a view",
        about=(
            f"{scale.ingested:,} booked movements of a snapshot wait on their topic. The *consumer* is `manage.py "
            f"consume {data.GROUP}`: it fetches, decodes, enters each event into the inbox, renders the standard's "
            "JSON at two levels of permission, keeps the newest of each movement and stores its offsets, all of a "
            "batch in one transaction. *COPY* writes the rows that came of it into the same empty table, a thousand "
            f"a transaction, with nothing else. *ORM* applies {scale.rows_one_by_one:,} records from memory with "
            "the same effect, one transaction each."
        ),
        limits=(
            "A record takes 49 µs of the consumer's one Python thread and 31 µs of PostgreSQL's CPU, COPY's row 14: "
            "JSON, inbox, version guard and the look for pending rows cost the rest. Records are read and rendered in "
            "the waits for the database, so that at least 15 µs of the two fall together; before that the consumer was "
            "a sixth slower. Of Python's part about half is to decode a record and render its two documents, the rest "
            "is the client, the bookkeeping of a batch and memory. More processes of a group share its partitions."
        ),
        rows=rows_of(rotation, unit="events/s"),
        judged=[
            _OF_COPY.judge(rotation.ratio(CONSUMER, COPY)),
            _OF_ORM.judge(rotation.ratio(CONSUMER, ORM)),
        ],
        rounds=scale.rounds,
        **noise_of(rotation),
    )


def _publish(bench: Bench, events: int) -> None:
    place = relaying.here(bench)
    data.record(data.movements(events, is_snapshot=True))
    relaying.published_from(bench, place, events=events)


def _ingested(bench: Bench, begin: dict[int, int], events: int) -> Sample:
    """Run the shipped consumer from where the movements begin until it has applied them all."""
    _empty(bench)
    _stand_at(bench, begin)
    with offsets_of(bench, data.GROUP, data.TOPIC) as count, managing(bench, "consume", data.GROUP):
        start = sum(begin.values())
        return rate_of(bench, count, begin=start, end=start + events)


def _copied(bench: Bench, rows: list[bytes]) -> Sample:
    _empty(bench)
    with stretch(bench.parts) as taken:
        copying.copy(_platform_url(), VIEW, rows, at_once=data.RECORDED_AT_ONCE)
    return taken.sample(len(rows) / taken.seconds)


def _row_by_row(bench: Bench, consumer: Crew, rows: int) -> Sample:
    _empty(bench)
    with stretch(bench.parts) as taken:
        (seconds,) = consumer.go()
    return taken.sample(rows / seconds)


def _empty(bench: Bench) -> None:
    with psycopg.connect(bench.admin_url) as admin:
        admin.execute("SET LOCAL session_replication_role = replica")
        admin.execute(f"TRUNCATE {VIEW}, accounts_pendingtransaction, streaming_inbox")


def _stand_at(bench: Bench, begin: dict[int, int]) -> None:
    with psycopg.connect(bench.admin_url) as admin, admin.cursor() as cursor:
        cursor.executemany(_STAND_AT, [[data.GROUP, data.TOPIC, *place] for place in begin.items()])


def _platform_url() -> str:
    """Return where the application's role reaches the tables: COPY has no privileges that the product lacks."""
    parts = settings.DATABASES["default"]
    return psycopg.conninfo.make_conninfo(
        host=parts["HOST"], port=parts["PORT"], user=parts["USER"], password=parts["PASSWORD"], dbname=parts["NAME"]
    )


_STAND_AT = """
INSERT INTO streaming_offset ("group", topic, partition, next_offset, epoch) VALUES (%s, %s, %s, %s, 1)
ON CONFLICT ("group", topic, partition) DO UPDATE SET next_offset = excluded.next_offset
"""
