"""The core and a real broker: what is captured, in which order, and what a killed core loses (nothing)."""

import os
import signal
import subprocess
import sys
from collections import Counter, defaultdict
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, datetime
from pathlib import Path

import msgspec
import orjson
import pytest
from django.core.management import call_command

from bankcore.events import CDC_TOPICS, PAYMENT_STATUS_TOPIC, PaymentInstructed
from bankcore.simulator import database
from bankcore.simulator.agents.households import household
from bankcore.simulator.by_hand import make_transaction
from bankcore.simulator.capture import Capture, is_anything_left
from bankcore.simulator.proofs import prove_books
from kernel import clock
from streaming.broker_topics import apply_topics
from streaming.kafka import new_producer
from streaming.topics import topic_name
from tests.support.builders.bankcore import SEED, a_core, a_payment_command
from tests.support.streams import published
from tests.support.waiting import wait_until

pytestmark = [pytest.mark.django_db, pytest.mark.processes]
ROOT = Path(__file__).resolve().parents[2]
NOW = datetime(2026, 11, 23, 14, 5, tzinfo=UTC)
CURRENT = household(SEED, "psu.happy").number_of("current")


@pytest.fixture
def living_core(tmp_path: Path, settings) -> Path:
    """A core with one household up to yesterday, where a process of its own finds it."""
    apply_topics()
    settings.SIMULATOR_FILE = tmp_path / "core" / "core.sqlite3"
    a_core(settings.SIMULATOR_FILE, keys=("psu.happy",), until=clock.now().date())
    return tmp_path


@contextmanager
def a_live_bank(services_dir: Path) -> Iterator[subprocess.Popen[bytes]]:
    """Run ``manage.py simulate live``; leave with ``kill -9`` unless it has ended."""
    environment = {**os.environ, "SERVICES_DIR": str(services_dir), "DJANGO_SETTINGS_MODULE": "openbanking.settings"}
    command = [sys.executable, "manage.py", "simulate", "live", "--pace", "100000"]
    with subprocess.Popen(command, cwd=ROOT, env=environment) as process:
        try:
            yield process
        finally:
            process.kill()


def command_payments(commands, *, times=1):
    producer = new_producer()
    for command in list(commands) * times:
        producer.produce(
            topic_name(PaymentInstructed.topic),
            key=f"{CURRENT}",
            value=msgspec.json.encode(command),
            headers={"ce_type": PaymentInstructed.name},
        )
    assert producer.flush(20) == 0


def count(query):
    core = database.open_core()
    try:
        return core.execute(query).fetchone()[0]
    finally:
        core.close()


def new_movements(before):
    """Return the movements told since: all of the partition ``before`` counts, by (topic, partition)."""
    return [record for record in published("core.raw.cdc.trnjnl") if record.offset >= before[record.partition]]


def ends(topic):
    counted = Counter(record.partition for record in published(topic))
    return defaultdict(int, counted)


def test_a_killed_core_neither_loses_nor_repeats_a_payment(living_core):
    commands = [a_payment_command(debtor=CURRENT, amount_minor=200 + n) for n in range(90)]
    batches = [commands[:30], commands[30:60], commands[60:]]
    for number, batch in enumerate(batches, 1):
        with a_live_bank(living_core) as bank:
            command_payments(batch, times=2)
            # killed in the middle of the batch, or between the core's commit and what the broker is told of it.
            wait_until(lambda: count("SELECT COUNT(*) FROM PAYCMD") > 30 * (number - 1), "no payment was taken")  # noqa: B023
            bank.send_signal(signal.SIGKILL)
            bank.wait()
    with a_live_bank(living_core):
        wait_until(lambda: count("SELECT COUNT(*) FROM PAYCMD") == 90, "a payment was lost")
        wait_until(lambda: not count("SELECT COUNT(*) FROM CHGLOG"), "not everything was told")

    core = database.open_core()
    made = core.execute("SELECT TJPID, COUNT(*) FROM TRNJNL WHERE TJPID IS NOT NULL GROUP BY 1").fetchall()
    assert sorted(made) == sorted((str(command.payment_id), 1) for command in commands)
    prove_books(core)
    ours = {str(command.payment_id) for command in commands}
    said: dict[str, list[str]] = defaultdict(list)
    for record in published(PAYMENT_STATUS_TOPIC):
        answer = orjson.loads(record.value)
        if answer["payment"] in ours and answer["status"] not in said[answer["payment"]]:
            said[answer["payment"]].append(answer["status"])
    assert set(said) == ours
    assert all(statuses == ["ACCP", "ACSP", "ACSC", "ACCC"] for statuses in said.values())


def test_a_bank_that_is_asked_to_stop_ends_in_good_order(living_core):
    with a_live_bank(living_core) as bank:
        wait_until((living_core / "core" / "core.live").exists, "it never began")
        bank.send_signal(signal.SIGTERM)

        assert bank.wait(20) == 0


def test_history_is_told_as_a_snapshot_and_changes_follow_in_their_order(living_core):
    before = ends("core.raw.cdc.trnjnl")
    core = database.open_core()
    line = Capture(core)
    line.ship()
    for pence in (-100, 250, -300):
        make_transaction(core, account=f"{CURRENT:014d}", amount_minor=pence, description="BY HAND", now=NOW)
    assert is_anything_left(core)
    line.ship()
    assert not is_anything_left(core)

    told = [orjson.loads(record.value) for record in new_movements(before)]
    history = [change for change in told if change["op"] == "r"]
    news = [change for change in told if change["op"] == "c"]
    assert len(history) == count("SELECT COUNT(*) FROM TRNJNL") - 3
    assert [change["after"]["TJAMT"] for change in news] == [-100, 250, -300]
    positions = [change["source"]["lsn"] for change in news]
    assert positions == sorted(positions)
    assert max(change["source"]["lsn"] for change in history) < positions[0]
    assert all(record.key == str(orjson.loads(record.value)["after"]["TJACC"]) for record in new_movements(before))


def test_nothing_is_told_twice_and_a_broker_that_never_heard_of_the_core_gets_all_of_it(living_core, settings):
    core = database.open_core()
    told = Capture(core).ship()
    assert told > 1000
    assert Capture(core).ship() == 0

    settings.TOPIC_PREFIX = f"{settings.TOPIC_PREFIX}other."
    apply_topics()
    make_transaction(core, account=f"{CURRENT:014d}", amount_minor=1, description="BY HAND", now=NOW)
    assert Capture(core).ship() == told + 1
    assert sum(len(published(topic)) for topic in CDC_TOPICS) == told + 1


def test_seeding_twice_tells_the_world_once(tmp_path, settings, capsys):
    apply_topics()
    settings.SIMULATOR_FILE = tmp_path / "core.sqlite3"
    for expected in ("7 new households", "0 new households, 0 records to Kafka"):
        call_command("simulate", "seed", customers=2, seed=SEED)
        assert expected in capsys.readouterr().out


def test_a_movement_made_by_hand_is_told_at_once(living_core, capsys):
    Capture(database.open_core()).ship()
    before = ends("core.raw.cdc.trnjnl")
    call_command("simulate", "transaction", "--account", f"{CURRENT % 10**8:08d}", "--amount", "-12.50",
                 "--description", "BY HAND")  # fmt: skip

    (record,) = new_movements(before)
    row = orjson.loads(record.value)["after"]
    assert (row["TJAMT"], row["TJNAR"]) == (-1250, "BY HAND")
    assert len(capsys.readouterr().out.strip()) == 32
