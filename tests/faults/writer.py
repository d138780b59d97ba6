"""
``python -m tests.faults.writer``: writes deeds and the journal as a process of its own, through every outage.

The threads are as unkind as traffic can be: they draw transaction ids early or late, keep locks for random times, and
undo some of what they did.
"""

import logging
import os
import random
import threading
import time
from argparse import ArgumentParser, Namespace
from collections.abc import Sequence
from contextlib import suppress
from pathlib import Path
from uuid import UUID, uuid5

import django

os.environ.setdefault("DJANGO_SETTINGS_MODULE", "openbanking.settings")
django.setup()

from django.db import Error, connection, transaction  # noqa: E402 - Django's applications come first.

from kernel import clock  # noqa: E402
from kernel.identifiers import INSTITUTIONS, new_id  # noqa: E402
from streaming import outbox  # noqa: E402
from streaming.stopping import stop_on_signals  # noqa: E402
from tests.faults.journal import Change, Journal  # noqa: E402
from tests.faults.process import set_clock_wrong  # noqa: E402
from tests.faults.purses import PurseChanged  # noqa: E402

PAUSE_AFTER_ERROR_S = 0.2


class _Undo(Exception):
    """The writer thinks better of it."""


class Writer(threading.Thread):
    """Writes deeds until told to stop, at the given rate."""

    def __init__(self, options: Namespace, number: int, stop: threading.Event) -> None:
        super().__init__(name=f"writer {number}")
        self._stop_asked = stop
        self._journal = Journal(options.journal)
        self._chance = random.Random(f"{options.seed} {number}")
        self._purses = [uuid5(INSTITUTIONS, f"purse {n}") for n in range(options.purses)]
        self._changes = options.changes
        self._is_kind = options.is_kind
        self._pause_s = options.writers * options.changes / options.rate

    def run(self) -> None:
        """Keep the rate if possible; never hurry to make up for an outage."""
        due = time.monotonic()
        while not self._stop_asked.is_set():
            try:
                self._act()
            except Error:
                connection.close()
                self._stop_asked.wait(PAUSE_AFTER_ERROR_S)
            due = max(due + self._pause_s, time.monotonic() - 1)
            self._stop_asked.wait(max(0, due - time.monotonic()))
        connection.close()

    def _act(self) -> None:
        deed_id, changes = new_id(), self._invent()
        self._journal.begin(deed_id, changes)
        try:
            with transaction.atomic():
                self._write(deed_id, changes)
        except _Undo:
            self._journal.undone(deed_id)
        else:
            self._journal.done(deed_id)

    def _invent(self) -> Sequence[Change]:
        """Return changes that add up to nothing: money is passed on, never made."""
        changes: list[Change] = []
        for _ in range(self._changes // 2):
            giver, taker = self._chance.sample(self._purses, 2)
            amount = self._chance.randint(1, 500)
            changes += [(giver, -amount), (taker, amount)]
        return changes

    def _write(self, deed_id: UUID, changes: Sequence[Change]) -> None:
        with connection.cursor() as cursor:
            if not self._is_kind and self._chance.random() < 0.5:
                cursor.execute("SELECT pg_current_xact_id(), pg_sleep(%s)", [self._chance.random() * 0.01])
            cursor.execute("INSERT INTO tests_deed VALUES (%s)", [deed_id])
            cursor.execute(
                "INSERT INTO tests_purse AS p SELECT purse, sum(amount)"
                " FROM unnest(%s::uuid[], %s::bigint[]) AS given(purse, amount) GROUP BY 1 ORDER BY 1"
                " ON CONFLICT (purse_id) DO UPDATE SET balance = p.balance + excluded.balance",
                [[purse for purse, _ in changes], [amount for _, amount in changes]],
            )
            outbox.record_many(
                [
                    PurseChanged(
                        occurred_at=clock.now(), purse_id=purse, deed_id=deed_id, position=position, amount=amount
                    )
                    for position, (purse, amount) in enumerate(changes)
                ]
            )
            if not self._is_kind:
                cursor.execute("SELECT pg_sleep(%s)", [self._chance.random() ** 3 * 0.02])
                if self._chance.random() < 0.05:
                    raise _Undo


def main() -> None:
    """Write until SIGTERM, or until as many seconds have passed as were asked for."""
    parser = ArgumentParser(description=__doc__)
    parser.add_argument("--journal", type=Path, required=True)
    parser.add_argument("--seed", type=int, required=True)
    parser.add_argument("--writers", type=int, default=4)
    parser.add_argument("--purses", type=int, default=12)
    parser.add_argument("--changes", type=int, default=2, help="changes in a deed; an even number")
    parser.add_argument("--rate", type=float, default=300, help="changes in a second, by all writers together")
    parser.add_argument("--seconds", type=float, default=float("inf"))
    parser.add_argument("--kind", action="store_true", dest="is_kind", help="commit at once, undo nothing")
    options = parser.parse_args()

    logging.disable(logging.WARNING)
    set_clock_wrong()
    stop = stop_on_signals()
    writers = [Writer(options, number, stop) for number in range(options.writers)]
    for writer in writers:
        writer.start()
    with suppress(KeyboardInterrupt):
        stop.wait(None if options.seconds == float("inf") else options.seconds)
    stop.set()
    for writer in writers:
        writer.join()


if __name__ == "__main__":
    main()
