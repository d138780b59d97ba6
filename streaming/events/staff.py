"""What the staff did to the flow of data, and what they looked at, with the reason that they gave."""

from dataclasses import dataclass
from uuid import UUID

from streaming import topics
from streaming.events.base import Event

topics.declare(
    "audit.access.v1", partitions=3, retention_days=30, owner="streaming", purpose="Who of the staff looked at what."
)
topics.declare(
    "audit.operations.v1",
    partitions=3,
    retention_days=30,
    owner="streaming",
    purpose="What the staff did to the flow of data, and why.",
)

_LETTER = "accounts.balances core.balances.v1/3@1207"


@dataclass(frozen=True, slots=True, kw_only=True)
class PayloadRevealed(Event):
    """A member of staff looked at the unmasked payload of an event, and said why."""

    name = "streaming.payload.revealed"
    aggregate_type = "payload"
    subject = "revealed_event_id"
    topic = "audit.access.v1"
    personal = frozenset({"reason"})
    serves = ("4b",)
    example = {"revealed_type": "payments.payment.submitted", "reason": "complaint number 12"}

    revealed_event_id: UUID
    revealed_type: str
    reason: str
    customer_id: UUID | None
    third_party_id: UUID | None
    consent_id: UUID | None


@dataclass(frozen=True, slots=True, kw_only=True)
class LetterRevealed(Event):
    """A member of staff looked at what a dead letter holds, and said why."""

    name = "streaming.letter.revealed"
    aggregate_type = "payload"
    subject = "letter"
    topic = "audit.access.v1"
    personal = frozenset({"reason"})
    serves = ("4b",)
    example = {"letter": _LETTER, "reason": "complaint number 12"}

    letter: str
    """Who could not apply it, and where it lies: ``group topic/partition@offset``."""
    letter_event_id: UUID | None
    reason: str
    customer_id: UUID | None
    third_party_id: UUID | None
    consent_id: UUID | None


@dataclass(frozen=True, slots=True, kw_only=True)
class _LetterSettled(Event):
    """A dead letter waits no longer."""

    aggregate_type = "letter"
    subject = "letter"
    topic = "audit.operations.v1"
    personal = frozenset({"reason"})
    serves = ("2b", "4b")

    letter: str
    """As in :class:`LetterRevealed`."""
    group: str
    letter_event_id: UUID | None
    reason: str


@dataclass(frozen=True, slots=True, kw_only=True)
class LetterRedriven(_LetterSettled):
    """A dead letter was applied after all."""

    name = "streaming.letter.redriven"
    example = {"letter": _LETTER, "group": "accounts.balances", "reason": "the handler was mended"}


@dataclass(frozen=True, slots=True, kw_only=True)
class LetterDiscarded(_LetterSettled):
    """A dead letter was given up: it will never be applied."""

    name = "streaming.letter.discarded"
    example = {"letter": _LETTER, "group": "accounts.balances", "reason": "the core sent it in error"}


@dataclass(frozen=True, slots=True, kw_only=True)
class _GroupEvent(Event):
    """Something was done to a group of consumers."""

    aggregate_type = "group"
    subject = "group"
    topic = "audit.operations.v1"
    personal = frozenset({"reason"})
    serves = ("2b", "4b")

    group: str


@dataclass(frozen=True, slots=True, kw_only=True)
class GroupPaused(_GroupEvent):
    """A group was told to read nothing until it is resumed."""

    name = "streaming.group.paused"
    example = {"group": "accounts.balances", "reason": "the views are being mended"}

    reason: str


@dataclass(frozen=True, slots=True, kw_only=True)
class GroupResumed(_GroupEvent):
    """A group reads again."""

    name = "streaming.group.resumed"
    example = {"group": "accounts.balances", "reason": "the views are mended"}

    reason: str


@dataclass(frozen=True, slots=True, kw_only=True)
class PartitionReleased(_GroupEvent):
    """A partition that a group had given up on was let go on."""

    name = "streaming.partition.released"
    example = {
        "group": "accounts.balances",
        "partition": "core.balances.v1/3",
        "stop_reason": "51 letters within 5 minutes",
        "reason": "the handler was mended",
    }

    partition: str
    """``topic/number``."""
    stop_reason: str
    reason: str


@dataclass(frozen=True, slots=True, kw_only=True)
class GroupMoved(_GroupEvent):
    """A group was told to read on from another place."""

    name = "streaming.group.moved"
    example = {
        "group": "accounts.balances",
        "destination": "earliest",
        "places": ("core.balances.v1/3: 1207 → 0",),
        "reason": "a view has to be built anew",
    }

    destination: str
    """As it was asked for: ``earliest``, ``latest``, an offset or a time."""
    places: tuple[str, ...]
    """Each partition that was moved: ``topic/number: from → to``."""
    reason: str
