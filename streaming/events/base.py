"""What an event is: a frozen dataclass whose class says how it is named, keyed and carried."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any, ClassVar, Self
from uuid import UUID
from zlib import crc32

import msgspec
import orjson

from streaming.earlier_forms import EarlierForm
from streaming.errors import InvalidEvent, UnknownEventType
from streaming.schemas import Schema, build_schema, validator_of

SHARDS = 64
"""Aggregates are spread over this many shards; a relay owns a range of them."""

INDEXED = ("customer_id", "third_party_id", "consent_id")
"""Fields that also fill columns of the log, in this order: histories are searched by them."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Event:
    """
    Something that happened, told in the past tense; a subclass per type, each a dataclass like this one.

    A field is a ``str``, ``int``, ``bool``, ``UUID``, ``datetime``, ``date`` or string enum, an optional one of
    these, or a tuple of them. Fields named ``customer_id``, ``third_party_id`` and ``consent_id`` also fill the
    columns of the log by which staff and dashboards search. A field with a default may be absent in older events.
    """

    name: ClassVar[str]
    """The type: ``room.noun.verbed``."""
    aggregate_type: ClassVar[str]
    """What kind of thing it happened to; all its events go to one topic."""
    subject: ClassVar[str]
    """The field that holds the aggregate's id."""
    topic: ClassVar[str]
    """A declared topic, without the deployment's prefix."""
    key: ClassVar[str | None] = None
    """The field that is the Kafka key, if not the subject: records of one key keep their order."""
    schema_version: ClassVar[int] = 1
    personal: ClassVar[frozenset[str]] = frozenset()
    """Fields with personal data: text whose schema also admits its encrypted form."""
    serves: ClassVar[tuple[str, ...]] = ()
    """The rows of :data:`streaming.contracts.use_cases.USE_CASES` that need it."""
    example: ClassVar[Mapping[str, Any]] = {}
    """Values for the fields of which an example cannot be made from their type alone: texts and numbers."""
    earlier: ClassVar[tuple[EarlierForm, ...]] = ()
    """Forms from before breaking changes, which others still read."""

    occurred_at: datetime
    """When it was true; aware, UTC. When the log heard of it is the row's ``recorded_at``."""

    def __init_subclass__(cls, **kwargs: Any) -> None:
        super(Event, cls).__init_subclass__(**kwargs)  # the short form fails in slotted dataclasses.
        if "name" in cls.__dict__:
            _register(cls)

    @property
    def aggregate_id(self) -> str:
        """The id of the thing it happened to."""
        return str(getattr(self, self.subject))

    def to_payload(self) -> bytes:
        """
        Return the event as the JSON that is stored and published.

        :raises InvalidEvent: if it does not fit its own schema.
        """
        payload = orjson.dumps(self, option=orjson.OPT_UTC_Z)
        _check(type(self), payload)
        return payload

    @classmethod
    def from_payload(cls, payload: bytes) -> Self:
        """
        Read a stored or published event; fields that this class does not know are passed over.

        :raises InvalidEvent: if it lacks a field, or one has the wrong type.
        """
        try:
            event: Self = _codec(cls).decoder.decode(payload)
        except msgspec.MsgspecError as error:
            raise InvalidEvent(f"{cls.name}: not readable as this type") from error
        return event


def event_types() -> tuple[type[Event], ...]:
    """Return the class of every event type of the platform, sorted by name."""
    return tuple(_classes[name] for name in sorted(_classes))


def event_class(name: str) -> type[Event]:
    """
    Return the class of an event type.

    :raises UnknownEventType: if there is none.
    """
    try:
        return _classes[name]
    except KeyError:
        raise UnknownEventType(name) from None


def is_known(name: str) -> bool:
    """Say whether the platform has this event type."""
    return name in _classes


def event_schema(event_type: type[Event]) -> Schema:
    """
    Return the JSON Schema (draft 2020-12) of a type's payload.

    :raises TypeError: if a field has a type that events do not carry, or a personal one is no text.
    """
    return _codec(event_type).schema


def shard_of(aggregate_type: str, aggregate_id: str) -> int:
    """Return the shard of an aggregate: stable over processes and versions, unlike ``hash()``."""
    return crc32(f"{aggregate_type}:{aggregate_id}".encode()) % SHARDS


def indexed_ids(event: Event) -> tuple[UUID | None, UUID | None, UUID | None]:
    """Return customer, third party and consent of an event, as far as it names them."""
    return (
        getattr(event, "customer_id", None),
        getattr(event, "third_party_id", None),
        getattr(event, "consent_id", None),
    )


_classes: dict[str, type[Event]] = {}


def _register(cls: type[Event]) -> None:
    """Keep the class under its name; ``@dataclass(slots=True)`` makes it anew, so the later one of a pair counts."""
    known = _classes.get(cls.name)
    if known is not None and (known.__module__, known.__qualname__) != (cls.__module__, cls.__qualname__):
        raise TypeError(f"two classes claim the event type {cls.name}: {known!r} and {cls!r}")
    _classes[cls.name] = cls


def _check(event_type: type[Event], payload: bytes) -> None:
    validator = _codec(event_type).validator
    document = orjson.loads(payload)
    if not validator.is_valid(document):
        error = next(validator.iter_errors(document))
        place = "/".join(map(str, error.instance_path)) or "the event"
        rule = "/".join(map(str, error.schema_path))
        raise InvalidEvent(f"{event_type.name}: {place} breaks {rule}")


class _Codec:
    """What a type is checked and read with: made once, at its first use."""

    def __init__(self, event_type: type[Event]) -> None:
        self.schema = build_schema(event_type)
        self.validator = validator_of(self.schema)
        self.decoder: msgspec.json.Decoder[Any] = msgspec.json.Decoder(event_type)


_codecs: dict[type[Event], _Codec] = {}


def _codec(event_type: type[Event]) -> _Codec:
    codec = _codecs.get(event_type)
    if codec is None:
        codec = _codecs[event_type] = _Codec(event_type)
    return codec
