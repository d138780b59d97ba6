"""What the event log refuses."""

from kernel.errors import DomainError


class OutsideTransaction(RuntimeError):
    """An event was recorded outside a transaction: its cause could be lost while it stays, or the reverse."""


class InvalidEvent(ValueError):
    """An event does not fit the schema of its type. Names the place, never the value: it may be personal."""


class UnknownEventType(LookupError):
    """No class of this platform has this event type."""


class ReasonMissing(DomainError):
    code = "reason_missing"
    detail = "Say why you need to see this."


class EventNotFound(DomainError):
    code = "event_not_found"
    detail = "There is no such event."
