"""The relay as a load uses it: set back to a place in the log, started, watched, ended."""

from dataclasses import dataclass

import psycopg

from benchmarks.data import TOPIC
from benchmarks.draining import rate_of, records_on
from benchmarks.measure import Sample
from benchmarks.processes import managing
from benchmarks.surroundings import Bench
from streaming.relaying.ranges import ranges


@dataclass(frozen=True, slots=True, kw_only=True)
class Place:
    """A place in the log: what is visible in the snapshot counts as published."""

    snapshot: str
    last_id: int


def here(bench: Bench) -> Place:
    """Return the end of the log; nobody may be writing to it."""
    with psycopg.connect(bench.admin_url) as connection:
        row = connection.execute(
            "SELECT pg_current_snapshot()::text, (SELECT coalesce(max(id), 0) FROM streaming_event)"
        ).fetchone()
    assert row is not None
    return Place(snapshot=row[0], last_id=row[1])


def set_back(bench: Bench, place: Place) -> None:
    """Let whoever leads next publish from there on; no relay may be running."""
    with psycopg.connect(bench.admin_url) as connection:
        for shards in ranges():
            connection.execute(_SET_BACK, [shards.name, place.snapshot])


def published_from(bench: Bench, place: Place, *, events: int) -> Sample:
    """Run the shipped relay until it has published so many movements; return how many in a second."""
    set_back(bench, place)
    with records_on(TOPIC) as count:
        before = count()
        with managing(bench, "relay"):
            return rate_of(bench, count, begin=before, end=before + events)


_SET_BACK = """
INSERT INTO streaming_relay (name, snap) VALUES (%s, %s::pg_snapshot)
ON CONFLICT (name) DO UPDATE SET snap = excluded.snap, window_snap = NULL, last_id = 0, owner = NULL,
    lease_until = '-infinity', standby = NULL, standby_until = '-infinity'
"""
