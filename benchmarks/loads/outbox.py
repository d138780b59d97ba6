"""What an event costs the transaction that records it: the same order written with it and without it."""

import os
import re
import subprocess
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from dataclasses import replace
from typing import Any
from urllib.parse import unquote, urlsplit

import psycopg
from django.db import connection, transaction
from psycopg import sql

from benchmarks.crew import Crew, crew
from benchmarks.goals import Goal
from benchmarks.limit.orders import CREATE_TABLE, INSERT, a_submission
from benchmarks.measure import Sample, Side, rotate, stretch
from benchmarks.results import Result, noise_of, rows_of
from benchmarks.scale import Scale
from benchmarks.surroundings import Bench
from openbanking.services.postgres import binaries
from streaming import outbox

_GOALS = {
    "Python": Goal(what="transactions with their event ÷ without", unit="times", must=0.65, aim=0.75),
    "SQL": Goal(what="the same in SQL alone (pgbench)", unit="times", must=0.65, aim=0.75),
    "SQL, slow commits": Goal(what="the same, commits 1 ms longer", unit="times", must=0.65, aim=0.75),
}

_LONGER_US = 1_000
_SLOW_COMMITS = f"-c commit_delay={_LONGER_US} -c commit_siblings=1"
"""Options of a session under which whoever writes the log to the disk for several waits first, as for a slow disk."""


def run(bench: Bench, scale: Scale) -> Result:
    """Measure both ways of writing an order, by the product's own code and by its SQL alone."""
    with psycopg.connect(os.environ["DATABASE_OWNER_URL"], autocommit=True) as owner:
        owner.execute(CREATE_TABLE)
    try:
        return _measure(bench, scale)
    finally:
        with psycopg.connect(os.environ["DATABASE_OWNER_URL"], autocommit=True) as owner:
            owner.execute("DROP TABLE benchmark_order")


def _measure(bench: Bench, scale: Scale) -> Result:
    with ExitStack() as stack:
        sides = [
            Side(name=f"{way}, {_writers(writers)}", measure=measure)
            for writers in scale.writers
            for way, measure in stack.enter_context(_ways(bench, writers, scale.writing_s))
        ]
        rotation = rotate(sides, rounds=scale.rounds, is_judged=bench.is_judged)
    most = _writers(max(scale.writers))
    return Result(
        load="outbox",
        title="An event in the business transaction",
        about=(
            "A transaction inserts one order and, on one side, records one event by `outbox.record`: validation, the "
            "aggregate's head row, the log with its indexes; both wait for the disk. *Python* is the product's code "
            "in processes of its own, one for each writer; *SQL* is the statement that it sends, captured and run by "
            "`pgbench -M prepared`, so that nothing but PostgreSQL is compared. With *slow commits* the server waits a "
            "millisecond before it writes to the disk (`commit_delay`), as for a disk that takes that long."
        ),
        limits=(
            "An event is one more statement (16 µs of PostgreSQL's CPU here), a head row (27), a row of 21 columns "
            "(35) and its eight index entries (about 20), beside 105 µs for the order, commit included: where a commit "
            "costs next to nothing, as on this machine, the sum cannot be 0.65. Neither all indexes but the key left "
            "out, nor a server-side function in place of the statement brings more than 0.60. Where a commit takes a "
            "millisecond, writers wait for it together, and the ratio is what the last row says."
        ),
        rows=rows_of(rotation, unit="transactions/s"),
        judged=[
            replace(goal, what=f"{goal.what}, {most}").judge(
                rotation.ratio(f"{by}, with event, {most}", f"{by}, without, {most}")
            )
            for by, goal in _GOALS.items()
        ],
        rounds=scale.rounds,
        **noise_of(rotation),
    )


def _writers(number: int) -> str:
    return f"{number} writer" if number == 1 else f"{number} writers"


@contextmanager
def _ways(bench: Bench, writers: int, seconds: float) -> "Iterator[list[tuple[str, Any]]]":
    """Offer the ways of writing, with so many writers each, ready to be measured."""
    with crew(bench, "benchmarks.limit.orders:writer", size=writers, part="writers") as hands:

        def by_hand(has_event: bool) -> Sample:
            return _written(bench, hands, seconds, has_event=has_event)

        def by_pgbench(has_event: bool, options: str = "") -> Sample:
            return _pgbench(bench, writers, seconds, has_event=has_event, options=options)

        ways = [
            ("Python, without", lambda: by_hand(False)),
            ("Python, with event", lambda: by_hand(True)),
            ("SQL, without", lambda: by_pgbench(False)),
            ("SQL, with event", lambda: by_pgbench(True)),
        ]
        if writers > 1:  # a single one is not waited for.
            ways += [
                ("SQL, slow commits, without", lambda: by_pgbench(False, options=_SLOW_COMMITS)),
                ("SQL, slow commits, with event", lambda: by_pgbench(True, options=_SLOW_COMMITS)),
            ]
        yield ways


def _written(bench: Bench, writers: Crew, seconds: float, *, has_event: bool) -> Sample:
    with stretch(bench.parts) as taken:
        written = sum(writers.go(seconds=seconds, has_event=has_event))
    return taken.sample(written / seconds)


def _pgbench(bench: Bench, clients: int, seconds: float, *, has_event: bool, options: str) -> Sample:
    script = bench.folder / f"order-{has_event}.sql"
    script.write_text(_script(has_event=has_event))
    command = [
        str(binaries() / "pgbench"), "--no-vacuum", "--protocol=prepared", f"--client={clients}",
        f"--jobs={min(clients, os.cpu_count() or 1)}", f"--time={max(1, round(seconds))}", f"--file={script}",
    ]  # fmt: skip
    with stretch(bench.parts) as taken:
        environment = _pgbench_environment(bench.admin_url, options)
        done = subprocess.run(command, env=environment, check=True, capture_output=True, text=True)
    found = re.search(r"^tps = ([\d.]+)", done.stdout, re.MULTILINE)
    assert found is not None, done.stdout
    return taken.sample(float(found[1]))


def _script(*, has_event: bool) -> str:
    """Return the transaction as pgbench runs it: a new order, and so a new aggregate, each time."""
    lines = ["\\set n random(1, 1000000000000)", "BEGIN;", f"{_one_line(INSERT)};"]
    if has_event:
        lines.append(f"{_one_line(_captured_statement())};")
    return "\n".join([*lines, "COMMIT;", ""])


def _captured_statement() -> str:
    """Return what ``outbox.record`` sends, with its values, but for the ids: those differ each time."""
    seen: list[tuple[str, dict[str, Any]]] = []

    def look(execute: Any, statement: str, values: Any, many: bool, context: Any) -> Any:
        seen.append((statement, values))
        return execute(statement, values, many, context)

    with transaction.atomic(), connection.execute_wrapper(look):
        outbox.record(a_submission())
        transaction.set_rollback(True)
    ((statement, values),) = seen
    literals = {name: sql.Literal(value).as_string(connection.connection) for name, value in values.items()}
    new_order = "('order-' || :n::text)"
    return statement % {**literals, "event_id": "uuidv7()", "aggregate_id": new_order, "key": new_order}


def _one_line(statement: str) -> str:
    return " ".join(statement.split())


def _pgbench_environment(admin_url: str, options: str) -> dict[str, str]:
    """Return where pgbench connects: as the application does, but for options that are the administrator's to set."""
    parts = urlsplit(admin_url if options else os.environ["DATABASE_URL"])
    return {
        **os.environ,
        "PGOPTIONS": options,
        "PGHOST": parts.hostname or "127.0.0.1",
        "PGPORT": str(parts.port or 5432),
        "PGUSER": unquote(parts.username or ""),
        "PGPASSWORD": unquote(parts.password or ""),
        "PGDATABASE": unquote(parts.path.lstrip("/")),
    }
