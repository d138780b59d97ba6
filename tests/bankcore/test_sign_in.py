"""The sandbox's password sign-in: locks, and what it keeps and tells."""

from datetime import UTC, datetime, timedelta

from bankcore.simulator import customers
from bankcore.simulator.sign_in import SandboxSignIn

MOMENT = datetime(2026, 11, 23, 14, 5, tzinfo=UTC)
PASSWORDS = "SELECT SOHASH, SOSALT FROM SIGNON"


def sign_in(username, secret, at=MOMENT):
    return SandboxSignIn().authenticate(username=username, secret=secret, now=at)


def test_the_banners_passwords_sign_everybody_in(core):
    shown = customers()

    assert [customer.username for customer in shown] == [
        "psu.happy", "psu.declines", "psu.joint", "psu.joint2", "psu.closed_account",
    ]  # fmt: skip
    assert all(sign_in(customer.username, customer.password) for customer in shown)
    assert all(customer.about for customer in shown)


def test_nobody_signs_in_and_nobody_is_shown_while_there_is_no_core(empty_core_file):
    assert customers() == []
    assert sign_in("psu.happy", "anything") is None


def test_the_fifth_failure_locks_for_five_minutes(core):
    right = customers()[0]
    for second in range(5):
        assert sign_in(right.username, "wrong", MOMENT + timedelta(seconds=second)) is None

    assert sign_in(right.username, right.password, MOMENT + timedelta(minutes=4, seconds=59)) is None
    assert sign_in(right.username, right.password, MOMENT + timedelta(minutes=5, seconds=1)) is not None


def test_four_failures_do_not_lock_and_a_success_forgets_them(core):
    right = customers()[0]
    for _ in range(3):
        for second in range(4):
            assert sign_in(right.username, "wrong", MOMENT + timedelta(seconds=second)) is None
        assert sign_in(right.username, right.password, MOMENT + timedelta(seconds=5)) is not None


def test_a_lock_is_of_one_account_only(core):
    locked, other = customers()[:2]
    for _ in range(5):
        sign_in(locked.username, "wrong")

    assert sign_in(other.username, other.password) is not None


def test_passwords_are_kept_as_hashes_only(core, core_file):
    assert all(len(digest) == 32 and len(salt) == 16 for digest, salt in core.execute(PASSWORDS))
    assert len({salt for _, salt in core.execute(PASSWORDS)}) == 5
    content = core_file.read_bytes()
    assert not [customer for customer in customers() if customer.password.encode() in content]


def test_the_core_file_is_its_owners_only(core, core_file):
    assert core_file.stat().st_mode & 0o077 == 0
