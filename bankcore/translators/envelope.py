"""
How the core's records are read: checked JSON, and Debezium's envelope around a row.

The envelope says what happened to the row, where in the core's log, and when.
"""

from collections.abc import Callable
from dataclasses import dataclass
from datetime import UTC, datetime
from functools import lru_cache
from typing import Annotated, Generic, Literal, TypeVar
from uuid import UUID

import msgspec
from django.conf import settings

from kernel.identifiers import entity_id
from streaming.consumers import Reject

Row = TypeVar("Row")
T = TypeVar("T")

BigInt = Annotated[int, msgspec.Meta(ge=-(2**63), le=2**63 - 1)]
"""A number that a table of ours can hold."""
Position = Annotated[int, msgspec.Meta(ge=0, le=2**63 - 1)]
"""A position in the core's change log."""
Currency = Annotated[str, msgspec.Meta(pattern="^[A-Z]{3}$")]
"""An ISO 4217 code."""
Milliseconds = Annotated[int, msgspec.Meta(ge=0, le=253_402_300_799_999)]
"""A moment in milliseconds of Unix time, up to the year 9999."""


class _Source(msgspec.Struct):
    lsn: Position
    ts_ms: Milliseconds
    snapshot: str | bool | None = None


class _Envelope(msgspec.Struct, Generic[Row]):
    op: Literal["c", "u", "d", "r"]
    source: _Source
    before: Row | None = None
    after: Row | None = None


@dataclass(frozen=True, slots=True)
class Change(Generic[Row]):
    """One row as it now stands (or, ``is_deleted``, last stood), and its place in the core's log."""

    row: Row
    position: int
    changed_at: datetime
    is_snapshot: bool
    is_deleted: bool


def reader(row: type[Row]) -> Callable[[bytes], Change[Row]]:
    """
    Return a function that reads envelopes around rows of this type.

    Columns that the type does not name are ignored; a missing column or a wrong type is a :class:`Reject`.
    """
    decoder = msgspec.json.Decoder(_Envelope[row])  # type: ignore[valid-type]  # the type is the argument.

    def read(value: bytes) -> Change[Row]:
        envelope = decode(decoder, value, what=f"a change of {row.__name__}")
        is_deleted = envelope.op == "d"
        image: Row | None = envelope.before if is_deleted else envelope.after
        if image is None:
            raise Reject("the envelope lacks the row it is about")
        return Change(
            row=image,
            position=envelope.source.lsn,
            changed_at=moment_of(envelope.source.ts_ms),
            is_snapshot=envelope.op == "r",
            is_deleted=is_deleted,
        )

    return read


def decode(decoder: msgspec.json.Decoder[T], value: bytes, *, what: str) -> T:
    """
    Return what a record spells; ``what`` says in a refusal what it should have been.

    :raises Reject: if it is something else, or holds what no table can store.
    """
    if b"\\u0000" in value:
        raise Reject("a text holds U+0000, which no table can store")
    try:
        return decoder.decode(value)
    except (msgspec.DecodeError, UnicodeDecodeError, RecursionError) as error:
        raise Reject(f"not {what}: {error}") from error


def moment_of(milliseconds: int) -> datetime:
    """Return the moment (UTC) of Unix time in milliseconds, to the millisecond."""
    return datetime.fromtimestamp(milliseconds // 1000, UTC).replace(microsecond=milliseconds % 1000 * 1000)


@lru_cache(maxsize=20_000)
def public_id(kind: str, core_key: str) -> UUID:
    """Return the public id of what the core keys so, at this institution."""
    return entity_id(settings.INSTITUTION, kind, core_key)


def text(value: str | None) -> str | None:
    """Return a column without the blanks that the core pads it with; an empty one is nothing."""
    return (value or "").strip() or None


def required_text(value: str, column: str) -> str:
    """
    Return a column without its padding.

    :raises Reject: if nothing is left.
    """
    stripped = value.strip()
    if not stripped:
        raise Reject(f"{column} is blank")
    return stripped


def one_of(value: str, table: dict[str, T], column: str) -> T:
    """
    Return what one of the core's codes means.

    :raises Reject: if the core never told us that code.
    """
    try:
        return table[value.strip()]
    except KeyError:
        raise Reject(f"{column} holds a code that is not known") from None
