"""How the commands run their loops: each in a thread, until all of them have ended."""

import threading
from collections.abc import Sequence

from streaming import tallies
from streaming.processes import freeze_what_stays


def run_threads(threads: Sequence[threading.Thread]) -> None:
    """Start threads and wait for their end; what they count is stored meanwhile. Call it in the main thread."""
    freeze_what_stays()
    with tallies.kept():
        for thread in threads:
            thread.start()
        while any(thread.is_alive() for thread in threads):
            for thread in threads:
                thread.join(timeout=0.5)  # a join without end would let no signal through.
