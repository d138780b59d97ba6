"""
A session in which the consumer runtime works on copies of its tables.

Temporary tables come first where PostgreSQL looks a name up, so inside this session the runtime and its handlers,
unchanged, write rows that nobody else sees and that end with the session: views, inbox, offsets, letters, and what is
recorded as output.
"""

from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from typing import Any

from django.db import DEFAULT_DB_ALIAS, InternalError, ProgrammingError, connection, connections, transaction

from streaming.consuming import offsets
from streaming.consuming.applying import apply_batch, skip_record
from streaming.consuming.offsets import Partition
from streaming.consuming.records import RawRecord
from streaming.consuming.registry import Group
from streaming.rebuilding.errors import RebuildFailed, RebuildRefused
from streaming.rebuilding.sources import Portion

UPKEEP_AFTER_BATCHES = 100
"""How often outputs are thrown away and copies are measured."""


@contextmanager
def own_session() -> Iterator[None]:
    """
    Let this thread's queries run in a session of their own, under the owner's role, that may not write.

    What PostgreSQL lets a read-only transaction write is temporary tables. So whatever a handler writes beside the
    tables that are known to be its group's fails, even if the session breaks and Django quietly connects anew.
    """
    theirs = connections[DEFAULT_DB_ALIAS]
    ours = connections.create_connection("owner")  # the application's role may not make tables, not even these.
    ours.alias = DEFAULT_DB_ALIAS
    ours.settings_dict = {**ours.settings_dict, "OPTIONS": {**ours.settings_dict["OPTIONS"], **_OPTIONS}}
    connections[DEFAULT_DB_ALIAS] = ours
    try:
        yield
    finally:
        ours.close()
        connections[DEFAULT_DB_ALIAS] = theirs


_OPTIONS: Mapping[str, Any] = {
    "application_name": "millrace rebuild",
    "options": "-c default_transaction_read_only=on -c temp_buffers=64MB",
}


@contextmanager
def writing() -> Iterator[None]:
    """Open a transaction of :func:`own_session` that may write."""
    with transaction.atomic():
        _execute("SET TRANSACTION READ WRITE")
        yield


@contextmanager
def only_copies() -> Iterator[None]:
    """Inside :func:`writing`, let nothing but copies be written for a while."""
    with transaction.atomic():  # the end of a savepoint gives back what was allowed before.
        _execute("SET TRANSACTION READ ONLY")
        yield


class Shadow:
    """A group's copies, empty at first; lives inside :func:`own_session`."""

    def __init__(self, group: Group) -> None:
        self._group = group
        self._epochs: dict[Partition, int] = {}
        self._batches = 0
        self.applied = 0
        """How many records were applied so far."""
        _make_copies(group)

    def take(self, portion: Portion) -> None:
        """
        Apply records by the group's own handlers, to the copies; or pass over what was given up.

        :raises RebuildFailed: if one of them cannot be applied any more.
        """
        if portion.is_given_up:
            with transaction.atomic():
                for record in portion.records:
                    skip_record(self._group, record)
        else:
            self._apply(portion.records)

    def tidy(self) -> None:
        """Throw outputs away now and then, so that they take no room; call it outside transactions."""
        if self._batches < UPKEEP_AFTER_BATCHES:
            return
        self._batches = 0
        with writing():
            _execute("TRUNCATE pg_temp.streaming_event, pg_temp.streaming_stream")
        self.measure()

    def measure(self) -> None:
        """Let the planner know how large the copies are: nobody else looks after temporary tables."""
        for table in (*self._group.views, "streaming_inbox", "streaming_applied"):
            _execute(f"ANALYZE {copy_of(table)}")

    def _apply(self, records: Sequence[RawRecord]) -> None:
        places = {(record.topic, record.partition) for record in records}
        if new := sorted(places - self._epochs.keys()):
            self._epochs.update({place: epoch for place, (_, epoch) in offsets.claim(self._group.name, new).items()})
        try:
            is_applied = apply_batch(self._group, records, self._epochs).keys() == places
        except InternalError as error:  # of a read-only transaction: see own_session().
            raise RebuildFailed(f"a handler writes more than its group's views: {error}") from error
        if not is_applied:
            raise RebuildFailed("the runtime passed records over")
        self._refuse_letters()
        self.applied += len(records)
        self._batches += 1

    def _refuse_letters(self) -> None:
        with connection.cursor() as cursor:
            cursor.execute(_FIRST_LETTER)
            if letter := cursor.fetchone():
                topic, partition, offset, event_id, error = letter
                which = f"event {event_id}" if event_id else f"record {topic}/{partition}@{offset}"
                raise RebuildFailed(f"the live view has {which}, which can no longer be applied: {error}")


def copy_of(table: str) -> str:
    """Return the name of a table's copy, in SQL."""
    return f"pg_temp.{_quoted(table)}"


def original_of(table: str) -> str:
    """Return the name of the live table, in SQL; inside the session the bare name would mean the copy."""
    with connection.cursor() as cursor:
        cursor.execute("SELECT current_schema()")
        (schema,) = cursor.fetchone()
    return f"{_quoted(schema)}.{_quoted(table)}"


def _make_copies(group: Group) -> None:
    try:
        with writing():
            for table in (*group.views, *_RUNTIME_TABLES):
                _execute(f"CREATE TEMP TABLE {_quoted(table)} (LIKE {original_of(table)} INCLUDING ALL)")
            # Outputs are written once and never read, and their ids are not those of the log.
            _execute(f"CREATE TEMP TABLE streaming_event (LIKE {original_of('streaming_event')} INCLUDING DEFAULTS)")
            _execute("CREATE TEMP SEQUENCE streaming_event_id_seq")
            _execute(
                "ALTER TABLE pg_temp.streaming_event ALTER id SET DEFAULT nextval('pg_temp.streaming_event_id_seq')"
            )
    except ProgrammingError as error:
        raise RebuildRefused(f"the tables cannot be copied: {error}") from error


_RUNTIME_TABLES = (
    "streaming_stream",
    "streaming_inbox",
    "streaming_applied",
    "streaming_offset",
    "streaming_dead_letter",
    "streaming_parked_key",
)

_FIRST_LETTER = """
SELECT topic, partition, "offset", event_id, error FROM pg_temp.streaming_dead_letter ORDER BY id LIMIT 1
"""


def _quoted(name: str) -> str:
    return connection.ops.quote_name(name)


def _execute(statement: str) -> None:
    with connection.cursor() as cursor:
        cursor.execute(statement)
