"""The bank at work: takes payments, books what is due, lets its customers live, and tells the world at once."""

import fcntl
import sqlite3
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from datetime import datetime, timedelta

import structlog

from bankcore.simulator import change_log
from bankcore.simulator.agents.households import household
from bankcore.simulator.agents.planned_payments import make_planned_payments
from bankcore.simulator.agents.purchases import make_purchases, settle_up_with_friend, spend_once
from bankcore.simulator.calendars import pack_date, pack_time, unpack_date
from bankcore.simulator.capture import BrokerUnreachable, Capture, is_anything_left
from bankcore.simulator.database import core_file, read_control, writing
from bankcore.simulator.intake import Intake
from bankcore.simulator.ledger import Ledger
from bankcore.simulator.randomness import stream
from kernel import clock

log = structlog.get_logger(__name__)

_WAIT_FOR_COMMANDS_S = 0.02
_REST_AFTER_TROUBLE_S = 0.5
_PENDING_FOR_S = (20, 90)


class LiveBank:
    """The loop of ``manage.py simulate live``; everything it does is one short transaction of the core each."""

    def __init__(self, core: sqlite3.Connection, *, pace_s: float) -> None:
        """Let one of the customers spend about every ``pace_s`` seconds."""
        self._core = core
        self._seed = int(read_control(core, "seed") or 0)
        self._pace_s = pace_s
        self._capture = Capture(core)
        self._next_chores = 0.0
        self._next_purchase = time.monotonic() + pace_s

    def run(self, stop: threading.Event) -> None:
        """Work until told to stop, whatever the broker does; a second bank on the same file waits its turn."""
        with _only_bank(stop):
            intake = Intake(self._core)
            try:
                while not stop.is_set():
                    try:
                        self._turn(intake)
                    except (sqlite3.OperationalError, BrokerUnreachable) as error:  # both pass: the log keeps all.
                        log.warning("core_waits", reason=str(error))
                        stop.wait(_REST_AFTER_TROUBLE_S)
            finally:
                intake.close()

    def _turn(self, intake: Intake) -> None:
        intake.take(now=clock.now(), wait_s=_WAIT_FOR_COMMANDS_S)
        monotonic = time.monotonic()
        if monotonic >= self._next_chores:
            self._next_chores = monotonic + 1.0 if not self._do_chores(clock.now()) else monotonic
        if monotonic >= self._next_purchase:
            self._next_purchase = monotonic + self._let_somebody_live(clock.now())
        if is_anything_left(self._core):
            self._capture.ship()

    def _do_chores(self, now: datetime) -> bool:
        """Book what is due, or bring one household up to today; say whether there may be more to do."""
        return self._settle_due(now) or self._live_on_one_day(now)

    def _settle_due(self, now: datetime) -> bool:
        rows = self._core.execute(_DUE, (pack_date(now.date()), pack_time(now))).fetchall()
        if not rows:
            return False

        def settle(ledger: Ledger) -> None:
            for row in rows:
                ledger.settle(dict(zip(change_log.COLUMNS["TRNJNL"], row, strict=True)), now)

        self._in_books(now, settle)
        return True

    def _live_on_one_day(self, now: datetime) -> bool:
        """Whole days that were missed are lived as they would have been; today only what is planned for it."""
        row = self._core.execute(_BEHIND, (pack_date(now.date()),)).fetchone()
        if row is None:
            return False
        house, day = household(self._seed, row[0]), unpack_date(row[1]) + timedelta(days=1)

        def live_on(ledger: Ledger) -> None:
            make_planned_payments(house, ledger, day, latest=now)
            if day < now.date():
                make_purchases(house, ledger, day, are_pending=False)
            self._core.execute("UPDATE HOUSE SET HSDAY = ? WHERE HSKEY = ?", (pack_date(day), house.key))

        self._in_books(now, live_on)
        return True

    def _let_somebody_live(self, now: datetime) -> float:
        """Let one household spend or receive something; return after how many seconds the next one may."""
        rng = stream(self._seed, "live", now.isoformat())
        keys = [row[0] for row in self._core.execute("SELECT HSKEY FROM HOUSE ORDER BY HSLSN")]
        house = household(self._seed, rng.choice(keys))
        due_at = now + timedelta(seconds=rng.randint(*_PENDING_FOR_S))

        def live(ledger: Ledger) -> None:
            if rng.randrange(10) < 8:
                spend_once(house, ledger, rng, now, due_at=due_at)
            else:
                settle_up_with_friend(house, ledger, rng, now)

        self._in_books(now, live)
        return rng.expovariate(1 / self._pace_s)

    def _in_books(self, now: datetime, deed: Callable[[Ledger], None]) -> None:
        with writing(self._core):
            ledger = Ledger(self._core, now=now)
            deed(ledger)
            ledger.flush()


@contextmanager
def _only_bank(stop: threading.Event) -> Iterator[None]:
    with core_file().with_suffix(".live").open("w") as lock:
        while not stop.is_set():
            try:
                fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
                break
            except BlockingIOError:
                stop.wait(_REST_AFTER_TROUBLE_S)
        yield


_DUE = f"""
    SELECT {", ".join(change_log.COLUMNS["TRNJNL"])} FROM TRNJNL
    WHERE TJSTS = 'P' AND (TJBDT, TJBTM) <= (?, ?) ORDER BY TJBDT, TJBTM, TJACC, TJREF LIMIT 50"""

_BEHIND = "SELECT HSKEY, HSDAY FROM HOUSE WHERE HSDAY < ? ORDER BY HSDAY, HSLSN LIMIT 1"
