"""Dead letters and the keys that wait behind them."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, fields
from typing import Any

import orjson

from streaming.errors import InvalidEvent, LetterNotFound
from streaming.events import event_class, is_known
from streaming.models import DeadLetter, ParkedKey
from streaming.selectors.history import MASK

OPEN_STATES = (DeadLetter.State.POISON, DeadLetter.State.WAITING)
"""The states of a letter that nobody has dealt with yet."""

_OUR_HEADERS = frozenset(
    {
        *("aggregate-version", "causation-id", "content-type", "correlation-id"),
        *("pii-class", "relay-epoch", "schema-version", "traceparent"),
    }
)


@dataclass(frozen=True, slots=True, kw_only=True)
class LetterContent:
    """
    What a dead letter holds.

    ``fields`` are those of a JSON object; of anything else there is only ``text``, and nothing while it is masked.
    """

    headers: Mapping[str, str]
    fields: Mapping[str, Any] | None
    text: str
    size: int
    """In bytes."""


def get_letter(*, letter_id: int) -> DeadLetter:
    """
    Return a dead letter.

    :raises LetterNotFound: if there is none of this number.
    """
    letter = DeadLetter.objects.filter(pk=letter_id).first()
    if letter is None:
        raise LetterNotFound(letter_id=letter_id)
    return letter


def read_letter(letter: DeadLetter, *, is_masked: bool = True) -> LetterContent:
    """
    Return what a letter holds, as far as it may be shown.

    Masked, only what is surely not personal is there: fields that a known type declares as such, in a record that
    is readable as that type, and the headers that this platform writes.
    """
    raw = bytes(letter.raw)
    content = _json_object(raw)
    headers: Mapping[str, str] = letter.headers
    if not is_masked:
        text = "" if content is not None else raw.decode(errors="replace")
        return LetterContent(headers=headers, fields=content, text=text, size=len(raw))
    if content is not None:
        shown = _plain_fields(headers.get("ce_type", ""), raw)
        content = {name: value if name in shown else MASK for name, value in content.items()}
    return LetterContent(
        headers={name: value if _is_ours(name) else MASK for name, value in headers.items()},
        fields=content,
        text="",
        size=len(raw),
    )


def is_key_parked(letter: DeadLetter) -> bool:
    """Say whether the letter's key is parked: then its letters are settled in their order."""
    if letter.key is None:
        return False
    return ParkedKey.objects.filter(group=letter.group, topic=letter.topic, key=letter.key).exists()


def get_first_open_letter(*, group: str, topic: str, key: str) -> DeadLetter | None:
    """Return the letter that the others of its key wait for, without what it holds; none, if none waits."""
    waiting = DeadLetter.objects.filter(group=group, topic=topic, key=key, state__in=OPEN_STATES)
    return waiting.defer("raw", "headers").order_by("id").first()


def list_open_letters(*, group: str, limit: int | None = 100) -> Sequence[DeadLetter]:
    """Return a group's letters that still wait, without what they hold, in the order in which they came."""
    waiting = DeadLetter.objects.filter(group=group, state__in=OPEN_STATES)
    return list(waiting.defer("raw", "headers").order_by("id")[:limit])


def list_parked_keys(*, group: str, limit: int | None = 100) -> Sequence[ParkedKey]:
    """Return a group's parked keys, those that have waited longest first."""
    return list(ParkedKey.objects.filter(group=group).order_by("since", "topic", "key")[:limit])


def _json_object(raw: bytes) -> dict[str, Any] | None:
    try:
        content = orjson.loads(raw)
    except orjson.JSONDecodeError:
        return None
    return content if isinstance(content, dict) else None


def _plain_fields(type_name: str, raw: bytes) -> frozenset[str]:
    if not is_known(type_name):
        return frozenset()
    event_type = event_class(type_name)
    try:
        event_type.from_payload(raw)
    except InvalidEvent:
        return frozenset()
    return frozenset(field.name for field in fields(event_type)) - event_type.personal


def _is_ours(header: str) -> bool:
    return header.startswith("ce_") or header in _OUR_HEADERS
