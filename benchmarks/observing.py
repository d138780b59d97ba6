"""Sees when things became visible: polls a group's stored offsets, as any other connection would find them."""

import time
from collections.abc import Callable
from typing import TypeAlias

from benchmarks.data import GROUP, TOPIC
from streaming.database import connect

LOOK_EVERY_S = 0.002
WITHIN_S = 180.0

Sighting: TypeAlias = tuple[float, int, int]
"""When (seconds since 1970) it was seen that a partition's records before an offset are applied."""


def observer() -> Callable[..., list[Sighting]]:
    """
    Be the observer of a crew: each round, watch until the offsets add up to ``total``.

    The work raises TimeoutError if that takes :data:`WITHIN_S`.
    """
    connection = connect()

    def watch(*, total: int) -> list[Sighting]:
        known: dict[int, int] = dict(connection.execute(_OFFSETS, [GROUP, TOPIC]).fetchall())
        seen: list[Sighting] = []
        deadline = time.monotonic() + WITHIN_S
        while sum(known.values()) < total:
            if time.monotonic() > deadline:
                raise TimeoutError(f"{total - sum(known.values())} events did not become visible")
            rows = connection.execute(_OFFSETS, [GROUP, TOPIC]).fetchall()
            now = time.time()
            for partition, offset in rows:
                if known.get(partition) != offset:
                    known[partition] = offset
                    seen.append((now, partition, offset))
            time.sleep(LOOK_EVERY_S)
        return seen

    return watch


_OFFSETS = 'SELECT partition, next_offset FROM streaming_offset WHERE "group" = %s AND topic = %s'
