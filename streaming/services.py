"""What staff may do with the event log: look at what is masked, and be seen doing so."""

from collections.abc import Mapping
from datetime import datetime
from typing import Any
from uuid import UUID

from django.db import transaction

from streaming import outbox
from streaming.errors import ReasonMissing
from streaming.events import INDEXED, PayloadRevealed
from streaming.selectors import get_event


@transaction.atomic
def reveal_payload(*, event_id: UUID, reason: str, now: datetime) -> Mapping[str, Any]:
    """
    Return an event's payload unmasked, and record who looked and why; the actor is that of the call.

    :raises ReasonMissing: if no reason is given.
    :raises EventNotFound: if there is no such event.
    """
    if not reason.strip():
        raise ReasonMissing
    revealed = get_event(event_id=event_id, is_masked=False)
    outbox.record(
        PayloadRevealed(
            occurred_at=now,
            revealed_event_id=event_id,
            revealed_type=revealed.type,
            reason=reason.strip(),
            **{name: _id(revealed.payload.get(name)) for name in INDEXED},
        )
    )
    return revealed.payload


def _id(value: Any) -> UUID | None:
    return UUID(value) if isinstance(value, str) else None
