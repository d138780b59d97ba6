"""To look at what is masked, and be seen doing so."""

from collections.abc import Mapping
from datetime import datetime
from typing import Any
from uuid import UUID

from django.db import transaction

from streaming import outbox
from streaming.events import INDEXED, LetterRevealed, PayloadRevealed
from streaming.selectors import LetterContent, get_event, get_letter, read_letter
from streaming.services.reasons import stated


@transaction.atomic
def reveal_payload(*, event_id: UUID, reason: str, now: datetime) -> Mapping[str, Any]:
    """
    Return an event's payload unmasked, and record who looked and why; the actor is that of the call.

    :raises ReasonMissing: if no reason is given.
    :raises EventNotFound: if there is no such event.
    """
    why = stated(reason)
    revealed = get_event(event_id=event_id, is_masked=False)
    outbox.record(
        PayloadRevealed(
            occurred_at=now,
            revealed_event_id=event_id,
            revealed_type=revealed.type,
            reason=why,
            **_whom_it_concerns(revealed.payload),
        )
    )
    return revealed.payload


@transaction.atomic
def reveal_letter(*, letter_id: int, reason: str, now: datetime) -> LetterContent:
    """
    Return what a dead letter holds, unmasked, and record who looked and why; the actor is that of the call.

    :raises ReasonMissing: if no reason is given.
    :raises LetterNotFound: if there is no such letter.
    """
    why = stated(reason)
    letter = get_letter(letter_id=letter_id)
    content = read_letter(letter, is_masked=False)
    outbox.record(
        LetterRevealed(
            occurred_at=now,
            letter=str(letter),
            letter_event_id=letter.event_id,
            reason=why,
            **_whom_it_concerns(content.fields or {}),
        )
    )
    return content


def _whom_it_concerns(payload: Mapping[str, Any]) -> dict[str, UUID | None]:
    return {name: _id(payload.get(name)) for name in INDEXED}


def _id(value: Any) -> UUID | None:
    """Return an id, if it is one: a letter may hold anything."""
    try:
        return UUID(value) if isinstance(value, str) else None
    except ValueError:
        return None
