"""The way into the event log: an event is recorded in the transaction of what caused it, or not at all."""

from collections.abc import Sequence
from typing import Any, Protocol
from uuid import UUID

import orjson
from django.db import connection

from kernel import context
from kernel.identifiers import new_id
from streaming.errors import OutsideTransaction
from streaming.events import Event, indexed_ids, shard_of


class Cause(Protocol):
    """What an event came from; a received event is one."""

    @property
    def event_id(self) -> UUID:
        """The id of the causing event."""

    @property
    def correlation_id(self) -> str | None:
        """What ties the whole chain together."""

    @property
    def traceparent(self) -> str | None:
        """The W3C trace context."""


def record(event: Event, *, event_id: UUID | None = None) -> int:
    """
    Append an event to the log and return its aggregate's new version.

    Takes the lock of the aggregate's head row first and draws the log's own id under it, so that of one
    aggregate the order of ids is the order of versions.

    :raises OutsideTransaction: if no transaction is open.
    :raises InvalidEvent: if the event does not fit its schema.
    """
    _require_transaction()
    row = _row(event, event_id or new_id(), context.current())
    with connection.cursor() as cursor:
        cursor.execute(_RECORD, row)
        version: int = cursor.fetchone()[0]
    return version


def record_many(events: Sequence[Event], *, causes: Sequence[Cause] | None = None) -> None:
    """
    Append many events, in the given order, by one statement; for consumers' outputs.

    ``causes``, one for each event, tells what each came from; without it all come from the present call.

    :raises OutsideTransaction: if no transaction is open.
    :raises InvalidEvent: if one of the events does not fit its schema.
    """
    _require_transaction()
    if not events:
        return
    call = context.current()
    rows = []
    for n, event in enumerate(events):
        row = _row(event, new_id(), call)
        if causes is not None:
            _attribute(row, causes[n])
        row["n"] = n
        row["payload"] = orjson.Fragment(row["payload"])
        rows.append(row)
    with connection.cursor() as cursor:
        cursor.execute(_RECORD_MANY, [orjson.dumps(rows).decode()])


def _require_transaction() -> None:
    if not connection.in_atomic_block:
        raise OutsideTransaction("an event is recorded in the transaction that makes it true")


def _row(event: Event, event_id: UUID, call: context.CallContext) -> dict[str, Any]:
    aggregate_id = event.aggregate_id
    customer_id, third_party_id, consent_id = indexed_ids(event)
    return {
        "event_id": event_id,
        "shard": shard_of(event.aggregate_type, aggregate_id),
        "aggregate_type": event.aggregate_type,
        "aggregate_id": aggregate_id,
        "type": event.name,
        "schema_version": event.schema_version,
        "topic": event.topic,
        "key": str(getattr(event, event.key)) if event.key else aggregate_id,
        "payload": event.to_payload(),
        "traceparent": call.traceparent,
        "correlation_id": call.correlation_id,
        "causation_id": call.causation_id,
        "actor": call.actor,
        "customer_id": customer_id,
        "third_party_id": third_party_id,
        "consent_id": consent_id,
        "occurred_at": event.occurred_at,
    }


def _attribute(row: dict[str, Any], cause: Cause) -> None:
    row["causation_id"] = cause.event_id
    row["correlation_id"] = cause.correlation_id
    row["traceparent"] = cause.traceparent


_TYPES = {
    "event_id": "uuid",
    "shard": "smallint",
    "aggregate_type": "text",
    "aggregate_id": "text",
    "type": "text",
    "schema_version": "smallint",
    "topic": "text",
    "key": "text",
    "payload": "bytea",
    "traceparent": "text",
    "correlation_id": "text",
    "causation_id": "uuid",
    "actor": "text",
    "customer_id": "uuid",
    "third_party_id": "uuid",
    "consent_id": "uuid",
    "occurred_at": "timestamptz",
}
_COLUMNS = ", ".join(_TYPES)

_RECORD = f"""
WITH head AS (
    INSERT INTO streaming_stream AS s (aggregate_type, aggregate_id, version)
    VALUES (%(aggregate_type)s, %(aggregate_id)s, 1)
    ON CONFLICT (aggregate_type, aggregate_id) DO UPDATE SET version = s.version + 1
    RETURNING version)
INSERT INTO streaming_event ({_COLUMNS}, version)
SELECT {", ".join(f"%({name})s::{kind}" for name, kind in _TYPES.items())}, version FROM head
RETURNING version
"""

# Heads are locked in one order by everybody, so that two batches never wait for each other in a circle; ids are
# drawn in the order of n, after that.
_RECORD_MANY = f"""
WITH given AS MATERIALIZED (
    SELECT * FROM json_to_recordset(%s::json)
        AS r(n integer, {", ".join(f"{name} {'json' if kind == 'bytea' else kind}" for name, kind in _TYPES.items())})),
head AS (
    INSERT INTO streaming_stream AS s (aggregate_type, aggregate_id, version)
    SELECT aggregate_type, aggregate_id, count(*) FROM given GROUP BY 1, 2 ORDER BY 1, 2
    ON CONFLICT (aggregate_type, aggregate_id) DO UPDATE SET version = s.version + excluded.version
    RETURNING aggregate_type, aggregate_id, version),
numbered AS (
    SELECT given.*,
        row_number() OVER (PARTITION BY aggregate_type, aggregate_id ORDER BY n)
            - count(*) OVER (PARTITION BY aggregate_type, aggregate_id) AS behind_head
    FROM given)
INSERT INTO streaming_event ({_COLUMNS}, version)
SELECT {", ".join(f"convert_to({name}::text, 'UTF8')" if kind == "bytea" else name for name, kind in _TYPES.items())},
    head.version + behind_head
FROM numbered JOIN head USING (aggregate_type, aggregate_id)
ORDER BY n
"""
