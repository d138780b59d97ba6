"""Sign-in with the sandbox's password: the adapter of :class:`bankcore.ports.CustomerSignIn` for the simulator."""

import hashlib
import hmac
import json
import sqlite3
from datetime import datetime, timedelta

from bankcore.ports import SignedIn
from bankcore.simulator.agents.households import Person, password_of
from bankcore.simulator.database import core_file, open_core, write_control, writing
from bankcore.simulator.randomness import digest

ACR = "urn:openbanking:psd2:ca"
"""One factor only: a sandbox's password is no strong customer authentication."""
FAILURES_ALLOWED = 5
FAILURES_REMEMBERED = timedelta(minutes=5)
"""After five wrong passwords within five minutes an account stays locked until the first of them is that old."""

_NO_SALT, _NO_HASH = b"\x00" * 16, b"\x00" * 32
_MAX_SECRET_LENGTH = 1024


class SandboxSignIn:
    """Knows the simulated customers' passwords by their scrypt hash."""

    def authenticate(self, *, username: str, secret: str, now: datetime) -> SignedIn | None:
        """
        Return who signed in, or ``None``, after the same work whether the name, the secret or a lock is the reason.

        The right password does not open a locked account, and does not count as a failure.
        """
        if not core_file().exists():
            _hash(secret, _NO_SALT)
            return None
        core = open_core()
        try:
            row = core.execute(_CUSTOMER, (username,)).fetchone() if _is_storable(username) else None
            salt, expected = (row[1], row[2]) if row else (_NO_SALT, _NO_HASH)
            is_right = hmac.compare_digest(_hash(secret, salt), expected)
            if row is None:
                _write_as_if_known(core, now)
                return None
            if not _admit(core, username, is_right=is_right, now=now):
                return None
            full_name = f"{row[4].strip()} {row[3].strip()}"
            return SignedIn(customer_reference=str(row[0]), full_name=full_name, acr=ACR, auth_time=now)
        finally:
            core.close()


def enrol(core: sqlite3.Connection, *, seed: int, person: Person, about: str) -> None:
    """Let a person sign in with the password that the seed gives them; only its hash is kept."""
    salt = digest(seed, person.username, "salt").to_bytes(32, "big")[:16]
    core.execute(
        "INSERT INTO SIGNON (SONAME, SOCUS, SOSALT, SOHASH, SOABT) VALUES (?, ?, ?, ?, ?)",
        (person.username, person.number, salt, _hash(password_of(seed, person.username), salt), about),
    )


_CUSTOMER = """
    SELECT SOCUS, SOSALT, SOHASH, CUSNM1, CUSNM2 FROM SIGNON JOIN CUSMST ON CUSNO = SOCUS WHERE SONAME = ?"""


def _admit(core: sqlite3.Connection, username: str, *, is_right: bool, now: datetime) -> bool:
    """Weigh an attempt against the failures before it, under the core's write lock: parallel guesses all count."""
    with writing(core):
        (stored,) = core.execute("SELECT SOFAIL FROM SIGNON WHERE SONAME = ?", (username,)).fetchone()
        moments = [datetime.fromisoformat(moment) for moment in json.loads(stored)]
        recent = [moment for moment in moments if moment > now - FAILURES_REMEMBERED]
        is_locked = len(recent) >= FAILURES_ALLOWED
        if not is_locked:
            recent = [] if is_right else [*recent, now]
        kept = json.dumps([moment.isoformat() for moment in recent])
        core.execute("UPDATE SIGNON SET SOFAIL = ? WHERE SONAME = ?", (kept, username))
    return is_right and not is_locked


def _write_as_if_known(core: sqlite3.Connection, now: datetime) -> None:
    """Wait for the disk as :func:`_admit` does, so that the time of an answer does not tell who is a customer."""
    with writing(core):
        write_control(core, "last unknown sign-in", now.isoformat())


def _hash(secret: str, salt: bytes) -> bytes:
    cut = secret.encode(errors="surrogatepass")[:_MAX_SECRET_LENGTH]
    return hashlib.scrypt(cut, salt=salt, n=2**12, r=8, p=1, dklen=32)


def _is_storable(username: str) -> bool:
    return username.isprintable() and len(username) <= 100
