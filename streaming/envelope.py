"""The record that carries an event: CloudEvents 1.0 in binary mode, and back."""

import re
from collections.abc import Mapping, Sequence
from datetime import UTC, datetime
from functools import cache
from hashlib import sha256
from typing import NamedTuple, TypeAlias
from uuid import UUID

import msgspec
from django.conf import settings

from streaming.consuming.records import RawRecord, Received
from streaming.errors import InvalidEvent
from streaming.events import Event, event_class, is_known
from streaming.personal_data import PersonalDataClass, personal_data_class

LONGEST_ID = 500
"""Characters of a key or an aggregate's id: four times as many bytes still go into PostgreSQL's indexes."""

Headers: TypeAlias = dict[str, str]


class LogRow(NamedTuple):
    """What the relay takes from a row of the log; ids and times as the text that goes into the headers."""

    id: int
    event_id: str
    aggregate_id: str
    version: str
    type: str
    schema_version: int
    topic: str
    key: str
    payload: bytes
    traceparent: str | None
    correlation_id: str | None
    causation_id: str | None
    occurred_at: str


LOG_ROW_SQL = """
id, event_id::text, aggregate_id, version::text, type, schema_version, topic, key, payload, traceparent,
correlation_id, causation_id::text, to_char(occurred_at AT TIME ZONE 'UTC', 'YYYY-MM-DD"T"HH24:MI:SS.US"Z"')
"""
"""The select list for :class:`LogRow`: PostgreSQL writes the text, as Python would need longer for it."""


def headers_of(row: LogRow, *, epoch: int) -> Headers:
    """Return the headers of a row's record; ``epoch`` is that of the relay that sends it."""
    headers = _headers_of_type(row.type, row.schema_version).copy()
    headers["ce_id"] = row.event_id
    headers["ce_subject"] = row.aggregate_id
    headers["ce_time"] = row.occurred_at
    headers["aggregate-version"] = row.version
    headers["relay-epoch"] = str(epoch)
    if row.traceparent:
        headers["traceparent"] = row.traceparent
    if row.correlation_id:
        headers["correlation-id"] = row.correlation_id
    if row.causation_id:
        headers["causation-id"] = row.causation_id
    return headers


def open_envelope(record: RawRecord) -> Received[Event]:
    """
    Read the event that a record carries.

    :raises InvalidEvent: if a header is missing or wrong, or the payload is not of its type.
    :raises UnknownEventType: if this platform does not know the type.
    """
    headers = record.headers
    aggregate_id, version = aggregate_in(headers)
    try:
        event_id = msgspec.convert(headers["ce_id"], UUID)  # by msgspec: UUID() needs three times as long.
        causation_id = msgspec.convert(headers["causation-id"], UUID) if "causation-id" in headers else None
        type_name = headers["ce_type"]
    except (KeyError, msgspec.ValidationError) as error:
        raise InvalidEvent(f"a header is missing or wrong: {error}") from None
    event_type = event_class(type_name)
    event = event_type.from_payload(record.value)
    return Received(
        event=event,
        event_id=event_id,
        type=type_name,
        aggregate_type=event_type.aggregate_type,
        aggregate_id=aggregate_id,
        version=version,
        key=record.key or aggregate_id,
        topic=record.topic,
        partition=record.partition,
        offset=record.offset,
        occurred_at=event.occurred_at,
        correlation_id=headers.get("correlation-id") or headers["ce_id"],
        causation_id=causation_id,
        traceparent=headers.get("traceparent"),
    )


def aggregate_in(headers: Mapping[str, str]) -> tuple[str, int]:
    """
    Return the id of the aggregate that a record's headers name, and which version of it they say its event is.

    :raises InvalidEvent: if they do not say so, or say what the log cannot hold.
    """
    aggregate_id, version = headers.get("ce_subject", ""), headers.get("aggregate-version", "")
    if not 0 < len(aggregate_id) <= LONGEST_ID or "\x00" in aggregate_id:
        raise InvalidEvent("the header ce_subject is missing or wrong")
    if not _VERSION.fullmatch(version):
        raise InvalidEvent("the header aggregate-version is missing or wrong")
    return aggregate_id, int(version)


def record_of_row(row: LogRow) -> RawRecord:
    """Return a row of the log as the record that the relay made of it, or will make."""
    return RawRecord(
        topic=row.topic,
        partition=0,
        offset=-row.id,
        key=row.key,
        value=bytes(row.payload),
        headers=headers_of(row, epoch=0),
        timestamp=datetime.fromisoformat(row.occurred_at),
    )


def event_source() -> str:
    """Return the ``ce_source`` of this institution's own events."""
    return f"urn:millrace:{settings.INSTITUTION}"


def decode_headers(headers: Sequence[tuple[str, bytes | None]] | None) -> Mapping[str, str]:
    """Return a record's headers as text."""
    try:
        return {name: value.decode() for name, value in headers or ()}  # type: ignore[union-attr]  # the usual case.
    except (AttributeError, UnicodeDecodeError):
        return {name: to_text(value or b"") for name, value in headers or ()}


def to_text(raw: bytes) -> str:
    """Read bytes of a foreign record as text that PostgreSQL can store, whatever they are."""
    return storable(raw.decode(errors="replace"))


def to_key(raw: bytes) -> str:
    """Read the key of a foreign record; of one that is too long for an index, a digest stands for the rest."""
    key = to_text(raw)
    return key if len(key) <= LONGEST_ID else f"{key[: LONGEST_ID - 65]}:{sha256(raw).hexdigest()}"


def storable(text: str) -> str:
    """Return the text without the one character that PostgreSQL stores nowhere."""
    return text.replace("\x00", "\N{REPLACEMENT CHARACTER}")


def record_time(timestamp_ms: int) -> datetime:
    """Return the time of a record; one that no calendar has, as its producer's unit was wrong, becomes the nearest."""
    return datetime.fromtimestamp(min(max(timestamp_ms, 0), _LATEST_MS) / 1000, UTC)


_LATEST_MS = 253_402_300_799_000
"""The last second of the year 9999."""

_VERSION = re.compile(r"[1-9][0-9]{0,17}", re.ASCII)


@cache
def _headers_of_type(type_name: str, schema_version: int) -> Headers:
    unknown = PersonalDataClass.PERSONAL  # of a type that nobody knows any more, the worst is assumed.
    personal_data = personal_data_class(event_class(type_name)) if is_known(type_name) else unknown
    return {
        "ce_specversion": "1.0",
        "ce_source": event_source(),
        "ce_type": type_name,
        "ce_dataschema": f"urn:millrace:event:{type_name}:{schema_version}",
        "content-type": "application/json",
        "schema-version": str(schema_version),
        "pii-class": personal_data.value,
    }
