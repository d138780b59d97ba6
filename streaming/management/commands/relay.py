"""``manage.py relay``: publishes the event log without Celery, as leader or as the one who waits."""

import threading
from typing import Any

from django.core.management.base import BaseCommand

from streaming.relaying.loop import RelayLoop
from streaming.relaying.ranges import RANGES, ShardRange
from streaming.stopping import stop_on_signals

LOOK_AGAIN_AFTER_S = 1.0


class Command(BaseCommand):
    """Run a relay for each range of shards, until SIGTERM or SIGINT."""

    help = __doc__

    def handle(self, *_args: Any, **_options: Any) -> None:
        """Run until told to stop; where two others run already, look again now and then."""
        stop = stop_on_signals()
        threads = [threading.Thread(target=_run, args=(shards, stop), name=shards.name) for shards in RANGES]
        for thread in threads:
            thread.start()
        while any(thread.is_alive() for thread in threads):
            for thread in threads:
                thread.join(timeout=0.5)


def _run(shards: ShardRange, stop: threading.Event) -> None:
    try:
        while not stop.is_set():
            RelayLoop(shards, stop).run()
            stop.wait(LOOK_AGAIN_AFTER_S)
    finally:
        stop.set()  # a bug in one thread ends the process, so that its supervisor starts it anew.
