"""The simulated customers: the same for the same seed, believable, and as their stories want them."""

import hashlib
import os
import subprocess
import sys
from datetime import timedelta
from pathlib import Path

import pytest

from bankcore.simulator import capture, change_log, database, numbers
from bankcore.simulator.agents.households import all_keys, household
from bankcore.simulator.calendars import bank_holidays, is_bank_day, pack_date, unpack_date
from bankcore.simulator.proofs import prove_books
from bankcore.simulator.randomness import stream
from tests.support.builders.bankcore import SEED, UNTIL, a_core

ROOT = Path(__file__).resolve().parents[2]

DIGEST = """
import hashlib, os, sys
import django
from pathlib import Path
from django.conf import settings
django.setup()
settings.SIMULATOR_FILE = Path(sys.argv[1])
from tests.support.builders.bankcore import a_core
from tests.bankcore.test_simulated_history import digest_of_everything
a_core(settings.SIMULATOR_FILE, customers=2, keys=("psu.joint", "psu.0001", "psu.0002"))
print(digest_of_everything())
"""


def digest_of_everything() -> str:
    """Return the SHA-256 of all that the core would tell the world, in its order."""
    core = database.open_core()
    line = capture.Capture(core)
    total = hashlib.sha256()
    for _, table, key, value in core.execute("SELECT CLSEQ, CLTBL, CLKEY, CLVAL FROM CHGLOG ORDER BY 1").fetchall():
        for record in line.history_of(key) if table == change_log.SNAPSHOT else [(table, key, value)]:
            total.update(repr(record).encode())
    core.close()
    return total.hexdigest()


def movements_of(core, key):
    query = (
        "SELECT TJBDT, TJSTS, TJAMT, TJCODE, TJNAR, ACTYP FROM TRNJNL JOIN ACCMST ON ACNO = TJACC WHERE ACHSE = ?"
        " ORDER BY TJACC, TJREF"
    )
    return core.execute(query, (key,)).fetchall()


@pytest.mark.processes
def test_two_processes_with_different_hash_seeds_tell_the_world_the_same_bytes(tmp_path):
    digests = set()
    for hash_seed in ("1", "4242"):
        environment = {**os.environ, "PYTHONHASHSEED": hash_seed, "DJANGO_SETTINGS_MODULE": "openbanking.settings"}
        run = subprocess.run(
            [sys.executable, "-c", DIGEST, str(tmp_path / f"{hash_seed}.sqlite3")],
            cwd=ROOT, env=environment, capture_output=True, text=True, check=True,
        )  # fmt: skip
        digests.add(run.stdout.strip())

    assert len(digests) == 1


def test_another_household_changes_nothing_for_those_that_were_there(empty_core_file, settings):
    a_core(empty_core_file, customers=3, keys=("psu.0001", "psu.0003"))
    alone = database.open_core()
    settings.SIMULATOR_FILE = empty_core_file.with_name("more.sqlite3")
    a_core(settings.SIMULATOR_FILE, customers=3, keys=("psu.0001", "psu.0002", "psu.0003"))
    together = database.open_core()

    for key in ("psu.0001", "psu.0003"):
        assert movements_of(alone, key) == movements_of(together, key)


def test_streams_differ_by_seed_agent_and_purpose():
    drawn = {stream(*name).random() for name in ((1, "a", "x"), (2, "a", "x"), (1, "b", "x"), (1, "a", "y"))}

    assert len(drawn) == 4
    assert stream(1, "a", "x").random() == stream(1, "a", "x").random()


def test_numbers_of_different_agents_never_meet():
    accounts = {numbers.account_number(index, slot) for index in range(3000) for slot in range(4)}
    people = {numbers.customer_number(index, person) for index in range(3000) for person in range(2)}

    assert len(accounts) == 12_000
    assert len(people) == 6_000
    assert all(numbers.account_of_iban(numbers.iban_of(number)) == number for number in list(accounts)[:100])


def test_ordinary_customers_take_turns_through_five_personas():
    abouts = [household(SEED, key).about for key in all_keys(10) if key.startswith("psu.0")]

    assert len(set(abouts[:5])) == 5
    assert abouts[:5] == abouts[5:]


@pytest.mark.parametrize("seed", [1, 2, 3])
def test_every_persona_has_two_years_and_books_that_add_up_each_day(empty_core_file, seed, monkeypatch):
    monkeypatch.setattr("tests.support.builders.bankcore.SEED", seed)
    keys = tuple(f"psu.{number:04d}" for number in range(1, 6))
    a_core(empty_core_file, customers=5, keys=keys)  # checks the books on every simulated day.
    core = database.open_core()
    prove_books(core)

    for key in keys:
        rows = movements_of(core, key)
        assert 600 < len(rows) < 3500
        assert unpack_date(min(row[0] for row in rows)) == UNTIL.replace(year=UNTIL.year - 2)
        assert max(row[0] for row in rows if row[1] == "B") <= pack_date(UNTIL - timedelta(days=1))
        assert {"OPN", "DD", "CARD", "INT"} <= {row[3] for row in rows}
        (lowest,) = core.execute(
            "SELECT MIN(ABAVL) FROM ACBAL WHERE ABACC IN (SELECT ACNO FROM ACCMST WHERE ACHSE = ?)", (key,)
        ).fetchone()
        assert lowest >= 0


def test_some_card_payments_of_the_last_days_are_pending(core):
    pending = core.execute("SELECT TJBDT, TJAMT FROM TRNJNL WHERE TJSTS = 'P'").fetchall()

    assert pending
    assert all(amount < 0 and day >= pack_date(UNTIL) for day, amount in pending)


def test_salaries_come_on_bank_days(core):
    days = [unpack_date(row[0]) for row in movements_of(core, "psu.happy") if row[3] == "SAL"]

    assert len(days) >= 23
    assert all(is_bank_day(day) for day in days)


def test_bank_holidays_are_those_of_england():
    assert {day.isoformat() for day in bank_holidays(2026)} == {
        "2026-01-01", "2026-04-03", "2026-04-06", "2026-05-04", "2026-05-25", "2026-08-31", "2026-12-25", "2026-12-28",
    }  # fmt: skip
    assert {day.isoformat() for day in bank_holidays(2022)} >= {"2022-01-03", "2022-12-26", "2022-12-27"}
    assert {day.isoformat() for day in bank_holidays(2021)} >= {"2021-12-27", "2021-12-28"}


def test_the_joint_customers_share_their_accounts(core):
    holders = core.execute(
        "SELECT AHACC, COUNT(*), GROUP_CONCAT(AHROL, '') FROM ACHOLD JOIN ACCMST ON ACNO = AHACC"
        " WHERE ACHSE = 'psu.joint' GROUP BY AHACC"
    ).fetchall()

    assert holders
    assert all((count, set(roles)) == (2, {"P", "J"}) for _, count, roles in holders)


def test_the_closed_account_is_empty_and_has_a_closing_date(core):
    (row,) = core.execute("SELECT ACCLS, ABBKD FROM ACCMST JOIN ACBAL ON ABACC = ACNO WHERE ACSTS = 'C'").fetchall()

    assert unpack_date(row[0]) < UNTIL
    assert row[1] == 0


def test_one_customer_has_more_than_ten_thousand_booked_movements_on_one_account(empty_core_file):
    a_core(empty_core_file, keys=("psu.ten_thousand_tx",))
    core = database.open_core()
    (most,) = core.execute(
        "SELECT MAX(N) FROM (SELECT COUNT(*) AS N FROM TRNJNL WHERE TJSTS = 'B' GROUP BY TJACC)"
    ).fetchone()

    assert most > 10_000


def test_a_second_seeding_finds_nothing_to_make(core_file):
    a_core(core_file, keys=("psu.happy", "psu.declines", "psu.joint", "psu.closed_account"))
    core = database.open_core()

    assert core.execute("SELECT COUNT(*) FROM HOUSE").fetchone() == (4,)
