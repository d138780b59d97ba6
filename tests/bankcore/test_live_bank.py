"""The bank at work, in a thread of the test: it catches up, books what is due, and outlives its broker."""

import os
import signal
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import timedelta

import orjson
import pytest

from bankcore.simulator import database
from bankcore.simulator.agents.households import household
from bankcore.simulator.by_hand import make_transaction
from bankcore.simulator.calendars import pack_date
from bankcore.simulator.capture import BrokerUnreachable, Capture, is_anything_left
from bankcore.simulator.live import LiveBank
from bankcore.simulator.proofs import prove_books
from kernel import clock
from streaming.broker_topics import apply_topics
from tests.support.builders.bankcore import SEED, a_core
from tests.support.services import private_set
from tests.support.streams import published
from tests.support.waiting import wait_until


@contextmanager
def a_live_bank(*, pace_s: float = 100_000.0) -> Iterator[None]:
    stop = threading.Event()

    def work() -> None:
        LiveBank(database.open_core(), pace_s=pace_s).run(stop)

    thread = threading.Thread(target=work)
    thread.start()
    try:
        yield
    finally:
        stop.set()
        thread.join(20)
        assert not thread.is_alive()


@pytest.fixture
def core_of_last_week(empty_core_file):
    """A core whose history ended a week ago; all of it is told."""
    apply_topics()
    a_core(empty_core_file, keys=("psu.happy",), until=clock.now().date() - timedelta(days=7))
    core = database.open_core()
    Capture(core).ship()
    yield core
    core.close()


def test_days_that_were_missed_are_lived_and_what_was_due_is_booked(core_of_last_week):
    core = core_of_last_week
    pending = core.execute("SELECT TJACC, TJREF FROM TRNJNL WHERE TJSTS = 'P'").fetchall()
    today = pack_date(clock.now().date())
    told_before = len(published("core.raw.cdc.trnjnl"))
    with a_live_bank():
        wait_until(lambda: core.execute("SELECT HSDAY FROM HOUSE").fetchone()[0] == today, "it did not catch up")
        wait_until(lambda: not is_anything_left(core), "it did not tell what it did")

    assert pending
    for key in pending:
        assert core.execute("SELECT TJSTS FROM TRNJNL WHERE TJACC = ? AND TJREF = ?", key).fetchone() == ("B",)
    assert len(published("core.raw.cdc.trnjnl")) > told_before + len(pending)
    prove_books(core)


def test_customers_go_on_spending(core_of_last_week):
    core = core_of_last_week
    newest = "SELECT MAX(INLSN) FROM INSTRN WHERE INKIND IN ('HLD', 'FPI', 'FPO', 'ATM', 'REF') AND INDAT >= ?"
    today = pack_date(clock.now().date())
    with a_live_bank(pace_s=0.05):
        wait_until(lambda: core.execute(newest, (today,)).fetchone()[0], "nobody spent anything")
    prove_books(core)


def test_a_broker_that_is_killed_and_comes_back_gets_all_that_happened_meanwhile(empty_core_file, tmp_path, settings):
    settings.TOPIC_PREFIX = ""
    with private_set(tmp_path / "services", only=("kafka",)) as services:
        settings.KAFKA_BOOTSTRAP_SERVERS = services.addresses().kafka_bootstrap_servers
        apply_topics()
        a_core(empty_core_file, keys=("psu.happy",), until=clock.now().date())
        core = database.open_core()
        account = f"{household(SEED, 'psu.happy').number_of('current'):014d}"
        with a_live_bank():
            wait_until(lambda: not is_anything_left(core), "history was not told")
            broker = services.service("kafka").pid
            assert broker
            os.kill(broker, signal.SIGKILL)
            for pence in (-1, -2, -3):
                make_transaction(core, account=account, amount_minor=pence, description="BY HAND", now=clock.now())
            services.up()
            wait_until(lambda: not is_anything_left(core), "what happened meanwhile was not told", within_s=60)
        told = [orjson.loads(record.value)["after"] for record in published("core.raw.cdc.trnjnl")]

    assert list(dict.fromkeys(row["TJAMT"] for row in told if row["TJNAR"] == "BY HAND")) == [-1, -2, -3]


def test_without_a_broker_the_change_log_keeps_everything(core_file, settings):
    core = database.open_core()
    settings.KAFKA_BOOTSTRAP_SERVERS = "127.0.0.1:1"
    before = core.execute("SELECT COUNT(*) FROM CHGLOG").fetchone()
    with pytest.raises(BrokerUnreachable):
        Capture(core).ship()

    assert core.execute("SELECT COUNT(*) FROM CHGLOG").fetchone() == before
