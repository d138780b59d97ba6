"""The group's views, live and rebuilt: compared at one moment, and replaced where they differ."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from django.db import connection

from streaming.consuming.registry import Group
from streaming.rebuilding.digests import Ask, TableDigest, digest_of
from streaming.rebuilding.errors import RebuildFailed
from streaming.rebuilding.shadow import copy_of, original_of
from streaming.topics import declared


@dataclass(frozen=True, slots=True, kw_only=True)
class Replaced:
    """What changed in a live table; a row that is replaced was removed and added."""

    table: str
    removed: int
    added: int


def hold_consumers(group: Group) -> None:
    """
    Let the group's consumers wait until the end of the transaction.

    Partitions that the group has never read are entered first, or somebody could begin one meanwhile.
    """
    places = [(topic.name, n) for topic in declared() if topic.name in group.topics for n in range(topic.partitions)]
    with connection.cursor() as cursor:
        cursor.execute(
            f"INSERT INTO {original_of('streaming_offset')} {_ENTER}",
            [group.name, [topic for topic, _ in places], [number for _, number in places]],
        )
        cursor.execute(f"SELECT FROM {original_of('streaming_offset')} {_ALL_OFFSETS}", [group.name])


def hold_live(group: Group) -> None:
    """Hold all that changes the live views until the end of the transaction: consumers, and who redrives letters."""
    hold_consumers(group)
    with connection.cursor() as cursor:
        cursor.execute(f"SELECT FROM {original_of('streaming_dead_letter')} {_OPEN_LETTERS}", [group.name])


def live_digests(group: Group, *, ask: Ask) -> tuple[TableDigest, ...]:
    """Return the digests of the live views, as the session behind ``ask`` sees them."""
    return tuple(digest_of(table, named=original_of(table), ask=ask) for table in group.views)


def rebuilt_digests(group: Group) -> tuple[TableDigest, ...]:
    """Return the digests of the rebuilt views."""
    return tuple(digest_of(table, named=copy_of(table), ask=ask_here) for table in group.views)


def replace_views(group: Group) -> tuple[Replaced, ...]:
    """
    Give the live views the rows of the rebuilt ones, in the caller's transaction; only rows that differ are touched.

    :raises RebuildFailed: if the views are not equal then.
    """
    replaced = tuple(_replace(table) for table in group.views)
    if live_digests(group, ask=ask_here) != rebuilt_digests(group):
        raise RebuildFailed("the live view did not take the rebuilt rows as they are")
    return replaced


def ask_here(query: str) -> Sequence[Any]:
    """Run a query in this thread's session and return its one row."""
    with connection.cursor() as cursor:
        cursor.execute(query)
        row: Sequence[Any] = cursor.fetchone()
    return row


def _replace(table: str) -> Replaced:
    live, rebuilt = original_of(table), copy_of(table)
    key, columns = _columns(_KEY, live), ", ".join(_columns(_WRITABLE, live))
    is_same_row = " AND ".join([*(f"r.{column} = l.{column}" for column in key), "r::text = l::text"])
    with connection.cursor() as cursor:
        # What the planner knows of a table that was just filled or emptied would have it scan one for each row.
        cursor.execute("SET LOCAL enable_nestloop = off")
        if key:
            cursor.execute(f"DELETE FROM {live} l WHERE NOT EXISTS (SELECT FROM {rebuilt} r WHERE {is_same_row})")
        else:
            cursor.execute(f"DELETE FROM {live}")
        removed = cursor.rowcount
        cursor.execute(
            f"INSERT INTO {live} ({columns}) OVERRIDING SYSTEM VALUE SELECT {columns} FROM {rebuilt}"
            + (f" ON CONFLICT ({', '.join(key)}) DO NOTHING" if key else "")  # what has the key is the same row.
        )
        return Replaced(table=table, removed=removed, added=cursor.rowcount)


def _columns(query: str, table: str) -> list[str]:
    with connection.cursor() as cursor:
        cursor.execute(query, [table])
        return [connection.ops.quote_name(name) for (name,) in cursor.fetchall()]


_ENTER = """
("group", topic, partition, next_offset, epoch)
SELECT %s, topic, number, 0, 0 FROM unnest(%s::text[], %s::int[]) AS given(topic, number) ORDER BY topic, number
ON CONFLICT DO NOTHING
"""

_ALL_OFFSETS = 'WHERE "group" = %s ORDER BY topic, partition FOR UPDATE'

_OPEN_LETTERS = """WHERE "group" = %s AND state IN ('poison', 'waiting') ORDER BY id FOR UPDATE"""

_WRITABLE = """
SELECT attname FROM pg_attribute
WHERE attrelid = %s::regclass AND attnum > 0 AND NOT attisdropped AND attgenerated = '' ORDER BY attnum
"""

_KEY = """
SELECT a.attname FROM pg_index i JOIN pg_attribute a ON a.attrelid = i.indrelid AND a.attnum = ANY(i.indkey)
WHERE i.indrelid = %s::regclass AND i.indisprimary ORDER BY a.attnum
"""
