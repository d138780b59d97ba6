"""A thread that reads the log ahead of what is being sent, so that a long read never costs the lease."""

import queue
import threading

from streaming.database import connect
from streaming.relaying.ranges import ShardRange
from streaming.relaying.reader import PLANNING, Chunk, LogReader, Position

SHORTEST_WAIT_S = 0.005
LONGEST_WAIT_S = 0.05
CHUNKS_AHEAD = 2


class ReadAhead:
    """Reads from a position on until closed; whatever breaks the thread is raised where chunks are taken."""

    def __init__(self, shards: ShardRange, position: Position) -> None:
        self._shards = shards
        self._position = position
        self._chunks: queue.Queue[Chunk | Exception] = queue.Queue(maxsize=CHUNKS_AHEAD)
        self._closing = threading.Event()
        self._thread = threading.Thread(target=self._run, name=f"{shards.name} reader", daemon=True)
        self._thread.start()

    def take(self, timeout_s: float) -> Chunk | None:
        """Return the next chunk, or nothing if none came in time. Raises what broke the reading."""
        try:
            taken = self._chunks.get(timeout=timeout_s)
        except queue.Empty:
            return None
        if isinstance(taken, Exception):
            raise taken
        return taken

    def close(self) -> None:
        """End the thread."""
        self._closing.set()
        self._thread.join(timeout=5)

    def _run(self) -> None:
        try:
            with connect(PLANNING) as connection:
                reader = LogReader(connection, self._shards, self._position)
                self._read(reader)
        except Exception as error:  # the edge of the thread: raised again in take().
            self._hand_over(error)

    def _read(self, reader: LogReader) -> None:
        wait_s = SHORTEST_WAIT_S
        while not self._closing.is_set():
            chunk = reader.next_chunk()
            self._hand_over(chunk)
            if chunk.rows:
                wait_s = SHORTEST_WAIT_S
            if chunk.position.window_snap is None:
                self._closing.wait(wait_s)
                wait_s = min(wait_s * 2, LONGEST_WAIT_S)

    def _hand_over(self, item: Chunk | Exception) -> None:
        while not self._closing.is_set():
            try:
                self._chunks.put(item, timeout=0.1)
            except queue.Full:
                continue
            return
