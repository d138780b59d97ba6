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
    detail = "Say why you do this."


class EventNotFound(DomainError):
    code = "event_not_found"
    detail = "There is no such event."


class LetterNotFound(DomainError):
    code = "letter_not_found"
    detail = "There is no such dead letter."


class LetterSettled(DomainError):
    code = "letter_settled"
    detail = "This letter was applied or given up already."


class LetterWaits(DomainError):
    code = "letter_waits"
    detail = "Others of its key come before it: deal with the first one, or give all of them up."


class NothingToRedrive(DomainError):
    code = "nothing_to_redrive"
    detail = "No letter of this key waits."


class LetterStillFails(DomainError):
    code = "letter_still_fails"
    detail = "A letter still cannot be applied, so nothing was done."


class GroupNotFound(DomainError):
    code = "group_not_found"
    detail = "No room declares this group."


class GroupIsPaused(DomainError):
    code = "group_is_paused"
    detail = "The group is paused already."


class NothingToResume(DomainError):
    code = "nothing_to_resume"
    detail = "The group is not paused, and none of its partitions was stopped."


class PartitionNotStopped(DomainError):
    code = "partition_not_stopped"
    detail = "This partition was not stopped."


class GroupMustBePaused(DomainError):
    code = "group_must_be_paused"
    detail = "Pause the group first: only what stands still can be moved."


class PlaceNotFound(DomainError):
    code = "place_not_found"
    detail = "There is no such place to read on from."


class BrokerSilent(DomainError):
    code = "broker_silent"
    detail = "The broker does not answer, so nothing was done. Try again when it does."
