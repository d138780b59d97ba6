"""What is noted of events on their way to the broker: how many, how long, which errors; and their traces."""

import time

from confluent_kafka import KafkaError

from streaming import tallies
from streaming.relaying.reader import Chunk
from streaming.spans import SendingSpans


class SendingWatch:
    """Looks on while one leader sends."""

    def __init__(self) -> None:
        self._window_events = 0

    def begin(self, chunk: Chunk) -> "ChunkWatch":
        """Note that a chunk sets out, and how large its window was, if it is the last one of it."""
        self._window_events += len(chunk.rows)
        if chunk.position.window_snap is None:
            if self._window_events:
                tallies.WINDOW_EVENTS.note(self._window_events)
            self._window_events = 0
        return ChunkWatch(chunk)


class ChunkWatch:
    """One chunk under way; ``rows`` are to be sent in its place: they carry the trace on."""

    def __init__(self, chunk: Chunk) -> None:
        self._spans = SendingSpans(chunk.rows)
        self._started_s = time.monotonic()
        self.rows = self._spans.rows

    def arrived(self, *, held: int = 0) -> None:
        """Note that the broker has all of it, but for those rows that are held."""
        if self.rows:
            tallies.EVENTS_SENT.add(len(self.rows) - held)
            tallies.CHUNK_SECONDS.note(time.monotonic() - self._started_s)
            self._spans.end()

    def failed(self, error: KafkaError) -> None:
        """Note that the broker refused a record of it."""
        note_error(error)
        self._spans.end(error.name())


def note_error(error: KafkaError) -> None:
    """Count an error of the producer; what the relay itself threw away is none."""
    if error.code() not in _THROWN_AWAY:
        tallies.PRODUCE_ERRORS.add(1, error.name())


_THROWN_AWAY = frozenset({KafkaError._PURGE_QUEUE, KafkaError._PURGE_INFLIGHT})
