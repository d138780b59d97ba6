"""Reads of the event log and of what its consumers do with it."""

from streaming.selectors.groups import (
    GroupStanding,
    PartitionStanding,
    get_declared_group,
    get_group_standing,
    list_group_standings,
)
from streaming.selectors.history import MASK, HistoryEntry, get_event, list_events, read_payload
from streaming.selectors.letters import (
    OPEN_STATES,
    LetterContent,
    get_first_open_letter,
    get_letter,
    is_key_parked,
    list_open_letters,
    list_parked_keys,
    read_letter,
)

__all__ = [
    "MASK",
    "OPEN_STATES",
    "GroupStanding",
    "HistoryEntry",
    "LetterContent",
    "PartitionStanding",
    "get_declared_group",
    "get_event",
    "get_first_open_letter",
    "get_group_standing",
    "get_letter",
    "is_key_parked",
    "list_events",
    "list_group_standings",
    "list_open_letters",
    "list_parked_keys",
    "read_letter",
    "read_payload",
]
