"""What staff may do with the flow of data: look at what is masked, end the wait of letters, pause and move groups."""

from streaming.services.groups import (
    Destination,
    Move,
    let_partition_go_on,
    pause_group,
    resume_group,
    seek_group,
)
from streaming.services.letters import discard_letter, discard_letters, redrive_letter, redrive_letters
from streaming.services.revealing import reveal_letter, reveal_payload

__all__ = [
    "Destination",
    "Move",
    "discard_letter",
    "discard_letters",
    "let_partition_go_on",
    "pause_group",
    "redrive_letter",
    "redrive_letters",
    "resume_group",
    "reveal_letter",
    "reveal_payload",
    "seek_group",
]
