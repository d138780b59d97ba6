"""Events: what one is, and those that tell what the staff did to the flow of data."""

from streaming.events.base import (
    INDEXED,
    SHARDS,
    Event,
    event_class,
    event_schema,
    event_types,
    indexed_ids,
    is_known,
    shard_of,
)
from streaming.events.staff import (
    GroupMoved,
    GroupPaused,
    GroupResumed,
    LetterDiscarded,
    LetterRedriven,
    LetterRevealed,
    PartitionReleased,
    PayloadRevealed,
)

__all__ = [
    "INDEXED",
    "SHARDS",
    "Event",
    "GroupMoved",
    "GroupPaused",
    "GroupResumed",
    "LetterDiscarded",
    "LetterRedriven",
    "LetterRevealed",
    "PartitionReleased",
    "PayloadRevealed",
    "event_class",
    "event_schema",
    "event_types",
    "indexed_ids",
    "is_known",
    "shard_of",
]
