"""What a room's ``consumers.py`` is written with: declare handlers, receive batches, reject single records."""

from streaming.consuming.records import RawRecord, Received, Reject
from streaming.consuming.registry import handles, handles_raw, keeps

__all__ = ["RawRecord", "Received", "Reject", "handles", "handles_raw", "keeps"]
