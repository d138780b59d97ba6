"""
Rebuilds the views of a group while the live ones serve.

Why the group's generation stays: what is compared, and may then replace the live rows, holds exactly the events that
the live group has had at that moment. So its inbox, its offsets and what it has recorded stay true, and the next
record finds the view that it expects: no event is lost, none is applied twice, no output is repeated.
"""

from collections.abc import Callable, Iterator
from contextlib import closing, contextmanager, suppress
from dataclasses import dataclass
from typing import Any, Literal, TypeAlias

import psycopg
from django.db import DatabaseError, connection
from psycopg import IsolationLevel
from psycopg.rows import TupleRow

from streaming.consuming.registry import Group
from streaming.database import connect
from streaming.rebuilding import views
from streaming.rebuilding.digests import TableDigest
from streaming.rebuilding.errors import RebuildRefused
from streaming.rebuilding.log_source import LogSource
from streaming.rebuilding.shadow import Shadow, only_copies, own_session, writing
from streaming.rebuilding.sources import BATCH, Progress, Source
from streaming.rebuilding.topic_source import TopicSource

SourceName: TypeAlias = Literal["log", "topics"]

PASSES = 10
"""After so many passes the rest is applied while the group is held, however much still comes."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Comparison:
    """The views as they were at one moment, live and rebuilt; ``records`` is how many were applied for it."""

    live: tuple[TableDigest, ...]
    rebuilt: tuple[TableDigest, ...]
    records: int

    @property
    def is_equal(self) -> bool:
        """Say whether all views agree in every byte."""
        return self.live == self.rebuilt


@dataclass(frozen=True, slots=True, kw_only=True)
class Outcome:
    """What a rebuild found, and what it replaced; nothing, if there was no need or no leave to."""

    comparison: Comparison
    replaced: tuple[views.Replaced, ...] = ()


def rebuild(
    group: Group, *, source: SourceName, may_replace: Callable[[Comparison], bool], progress: Progress
) -> Outcome:
    """
    Build the group's views anew and compare; if they differ and ``may_replace`` says so, replace the live rows.

    Readers see the old rows until the new ones are committed. The group's consumers wait while a rest is caught up
    with, and while rows are replaced.

    :raises RebuildRefused: if it cannot be done, or not from this source.
    :raises RebuildFailed: if the events no longer give a view.
    """
    if not group.views:
        raise RebuildRefused(f"{group.name} keeps no views that its events could give again")
    with (
        own_session(),
        _claimed(group),
        _reading_session() as reader,
        closing(_open(source, group, reader)) as records,
    ):
        shadow = Shadow(group)
        _fill(shadow, records, reader, progress)
        shadow.measure()
        comparison = _compare(group, shadow, records, reader, progress)
        if comparison.is_equal or not may_replace(comparison):
            return Outcome(comparison=comparison)
        with writing(), reader.transaction():
            _catch_up(group, shadow, records, progress)
            return Outcome(comparison=comparison, replaced=views.replace_views(group))


@contextmanager
def _claimed(group: Group) -> Iterator[None]:
    """Let nobody else rebuild the group at the same time."""
    with connection.cursor() as cursor:
        cursor.execute(f"SELECT pg_try_advisory_lock({_CLAIM})", [group.name])
        if cursor.fetchone() == (False,):
            raise RebuildRefused(f"{group.name} is being rebuilt already")
    try:
        yield
    finally:
        # The end of the session would do, but comes a little after it is closed; a broken one has ended already.
        with suppress(DatabaseError), connection.cursor() as cursor:
            cursor.execute(f"SELECT pg_advisory_unlock({_CLAIM})", [group.name])


_CLAIM = "hashtext('streaming_rebuild'), hashtext(%s)"


def _fill(shadow: Shadow, records: Source, reader: psycopg.Connection[TupleRow], progress: Progress) -> None:
    """Apply what the group has had, and what it had meanwhile, until little is left."""
    for _ in range(PASSES):
        before = shadow.applied
        with reader.transaction():
            for portion in records.next_pass(progress):
                shadow.take(portion)
                shadow.tidy()
        if shadow.applied - before < BATCH:
            return


def _compare(
    group: Group, shadow: Shadow, records: Source, reader: psycopg.Connection[TupleRow], progress: Progress
) -> Comparison:
    """Compare at the moment at which the group is held; it goes on while the digests are computed."""

    def ask(query: str) -> Any:
        return reader.execute(query).fetchone()

    with reader.transaction():
        with writing():
            _catch_up(group, shadow, records, progress)
        live = views.live_digests(group, ask=ask)
    return Comparison(live=live, rebuilt=views.rebuilt_digests(group), records=shadow.applied)


def _catch_up(group: Group, shadow: Shadow, records: Source, progress: Progress) -> None:
    """Hold the group, and apply the rest of what it has had: so the reader's moment must begin in here."""
    views.hold_live(group)
    with only_copies():
        for portion in records.next_pass(progress):
            shadow.take(portion)


@contextmanager
def _reading_session() -> Iterator[psycopg.Connection[TupleRow]]:
    """
    Open a session that sees the live tables; each of its transactions sees one moment, that of its first query.

    Digests of large tables take their time, and so may it.
    """
    with connect() as session:
        session.execute("SET application_name = 'millrace rebuild'")
        session.execute("SET statement_timeout = 0")
        session.isolation_level = IsolationLevel.REPEATABLE_READ
        session.read_only = True
        yield session


def _open(source: SourceName, group: Group, session: psycopg.Connection[TupleRow]) -> Source:
    return LogSource(group, session) if source == "log" else TopicSource(group, session)
