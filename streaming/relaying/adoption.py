"""
Takes a log on after its database was restored: what the start check refuses, people decide, and this does.

The topics may hold events that the log has lost. They cannot be brought back (consumers have acted on them, the log
has not), so they are told; and their aggregates go on above the versions that were published, or consumers would
take what comes next for stale. All that the log has since a moment is sent again, as its cursor means nothing now.
"""

import logging
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from operator import attrgetter

import psycopg
from psycopg import IsolationLevel
from psycopg.rows import TupleRow

from streaming.database import connect
from streaming.relaying.lease import LIES_IN_SQL
from streaming.relaying.reader import UNPASSED_SQL
from streaming.relaying.resizing import make_rows
from streaming.relaying.tail import PublishedEvent, find_lost

logger = logging.getLogger(__name__)

REASON = "sent again, as the log was adopted"


class StillPublished(Exception):
    """A relay publishes the log at this moment: there is nothing to adopt."""


@dataclass(frozen=True, slots=True, kw_only=True)
class AggregateVersion:
    """An aggregate, and a version of it that was published."""

    aggregate_type: str
    aggregate_id: str
    version: int


@dataclass(frozen=True, slots=True, kw_only=True)
class Findings:
    """What stands between log and topics since a moment."""

    since: datetime
    lost: Sequence[PublishedEvent]
    """Published, but not in the log."""
    heads: Sequence[AggregateVersion]
    """The highest lost version of each aggregate, as far as the events' types are known."""
    stale: Sequence[tuple[str, str, str, int]]
    """Type, id, aggregate and version of events in the log whose version a lost event had: consumers drop them."""
    to_send: int
    """How many events of the log are to be sent again."""


def examine(since: datetime) -> Findings:
    """
    Compare the topics since a moment with the log; changes nothing.

    :raises KafkaException: if the broker does not answer.
    """
    lost = find_lost(since, is_over=lambda: False)
    heads = _heads(lost)
    with connect({"statement_timeout": "0"}) as connection:
        make_rows(connection)
        stale = connection.execute(_STALE, _columns(_versions(lost))).fetchall()
        row = connection.execute(f"SELECT count(*) FROM ({_SINCE}) found", {"since": since}).fetchone()
    assert row is not None
    return Findings(since=since, lost=lost, heads=heads, stale=stale, to_send=row[0])


def adopt(findings: Findings) -> int:
    """
    Let relays publish the log from now on; return how many events will be sent again.

    :raises StillPublished: if a relay publishes the log at this moment.
    """
    with connect({"statement_timeout": "0"}) as connection:
        _refuse_if_published(connection)
        if findings.heads:
            connection.execute(_LIFT, _columns(findings.heads))
        sent_again = _begin_anew(connection, findings.since)
    logger.warning(
        "the log was adopted: %d events are sent again since %s, %d were lost, %d aggregates lifted",
        sent_again,
        findings.since.isoformat(),
        len(findings.lost),
        len(findings.heads),
    )
    return sent_again


def _begin_anew(connection: psycopg.Connection[TupleRow], since: datetime) -> int:
    """Hold what is to be sent again, and move every cursor to now: one snapshot tells which event is which."""
    connection.isolation_level = IsolationLevel.REPEATABLE_READ
    with connection.transaction():
        # Before the snapshot is taken: whoever holds a lease may renew it until here, and loses it below.
        connection.execute("LOCK TABLE streaming_relay IN EXCLUSIVE MODE")
        _refuse_if_published(connection)
        held = connection.execute(
            "INSERT INTO streaming_held (topic, id, shard, error)"
            f" SELECT topic, id, shard, %(reason)s FROM ({_SINCE}) found ON CONFLICT DO NOTHING",
            {"since": since, "reason": REASON},
        )
        connection.execute(_MOVE)
    return held.rowcount


def _refuse_if_published(connection: psycopg.Connection[TupleRow]) -> None:
    row = connection.execute(_PUBLISHED).fetchone()
    if row and row[0]:
        raise StillPublished(row[0])


def _versions(lost: Sequence[PublishedEvent]) -> Sequence[AggregateVersion]:
    return [
        AggregateVersion(aggregate_type=event.aggregate_type, aggregate_id=event.aggregate_id, version=event.version)
        for event in lost
        if event.aggregate_type is not None
    ]


def _heads(lost: Sequence[PublishedEvent]) -> Sequence[AggregateVersion]:
    highest: dict[tuple[str, str], AggregateVersion] = {}
    for each in sorted(_versions(lost), key=attrgetter("version")):
        highest[each.aggregate_type, each.aggregate_id] = each
    return list(highest.values())


def _columns(heads: Sequence[AggregateVersion]) -> list[list[str] | list[int]]:
    return [
        [head.aggregate_type for head in heads],
        [head.aggregate_id for head in heads],
        [head.version for head in heads],
    ]


_PUBLISHED = """
SELECT string_agg(name, ', ') FROM streaming_relay
WHERE name LIKE 'relay:%' AND lease_until >= clock_timestamp() AND refused_at IS NULL
"""

# By the database's clock; and what a cursor, whatever it is worth, has not passed.
_SINCE = f"""
SELECT topic, id, shard FROM streaming_event WHERE recorded_at >= %(since)s
UNION
SELECT e.topic, e.id, e.shard FROM streaming_relay r JOIN streaming_event e ON {UNPASSED_SQL}
WHERE r.name LIKE 'relay:%%'
"""

_STALE = """
SELECT e.type, e.event_id::text, e.aggregate_id, e.version
FROM unnest(%s::text[], %s::text[], %s::bigint[]) AS lost(aggregate_type, aggregate_id, version)
JOIN streaming_event e USING (aggregate_type, aggregate_id, version) ORDER BY e.id
"""

_LIFT = """
INSERT INTO streaming_stream AS s (aggregate_type, aggregate_id, version)
SELECT * FROM unnest(%s::text[], %s::text[], %s::bigint[]) ORDER BY 1, 2
ON CONFLICT (aggregate_type, aggregate_id) DO UPDATE SET version = greatest(s.version, excluded.version)
"""

_MOVE = f"""
UPDATE streaming_relay SET snap = pg_current_snapshot(), window_snap = NULL, last_id = 0, stored_at = clock_timestamp(),
    owner = NULL, lease_until = '-infinity', epoch = epoch + 1, refused_at = NULL, refusal = NULL,
    system_identifier = (SELECT system_identifier FROM pg_control_system()),
    timeline = left(pg_walfile_name(pg_current_wal_lsn()), 8), server_started_at = pg_postmaster_start_time(),
    lies_in = {LIES_IN_SQL}
WHERE name LIKE 'relay:%'
"""
