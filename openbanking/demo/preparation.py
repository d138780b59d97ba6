"""What must be so before the journey: tables, topics, a bank with customers, everything it said in the views."""

import os
import subprocess
import sys
import time
from datetime import timedelta
from io import StringIO
from pathlib import Path

import httpx
from django.conf import settings
from django.core.management import call_command
from django.db import connections

from kernel import clock
from openbanking.demo.details import Staff
from streaming import flow

_START_WITHIN = timedelta(minutes=3)
_FRESH_WITHIN = timedelta(minutes=30)
_POLL_S = 0.1
_GROUPS = ("support", "compliance", "operator", "auditor")


def migrate_and_declare() -> None:
    """Bring the database and the topics to what the code says; nothing happens where they are already."""
    call_command("migrate", verbosity=0)
    call_command("topics", "apply", stdout=StringIO())


def let_staff_in(staff: Staff) -> None:
    """Make the login of bank staff, or give it this run's password."""
    from oauth.services import put_staff_member

    put_staff_member(username=staff.username, full_name="Sam Staff", password=staff.password, groups=_GROUPS)


def learn_sizes() -> None:
    """Let the planner know the tables as they are now, not as they were when they were empty."""
    with connections["owner"].cursor() as cursor:
        cursor.execute("ANALYZE")


def seed(*, customers: int) -> None:
    """Let the simulated core tell Kafka two years of its customers' history, with a progress bar."""
    command = [sys.executable, "manage.py", "simulate", "seed", "--customers", str(customers)]
    quiet = os.environ | {"LOG_LEVEL": "ERROR"}  # a broker that has just started is asked more than once.
    subprocess.run(command, cwd=Path(settings.BASE_DIR), env=quiet, check=True)


def wait_until_serving(base_url: str) -> None:
    """
    Wait until the web server can serve.

    :raises TimeoutError: if it does not in time.
    """
    deadline = time.monotonic() + _START_WITHIN.total_seconds()
    while time.monotonic() < deadline:
        try:
            if httpx.get(f"{base_url}/readyz", timeout=5, trust_env=False).status_code == 200:
                return
        except httpx.TransportError:
            pass
        time.sleep(_POLL_S)
    raise TimeoutError(f"{base_url} does not answer")


def wait_until_fresh() -> None:
    """
    Wait until all that the core said has been translated, relayed and applied.

    :raises TimeoutError: if it takes half an hour.
    """
    deadline = clock.now() + _FRESH_WITHIN
    quiet = 0
    while quiet < 2:  # between two hops a record is in neither place for a moment.
        quiet = quiet + 1 if _is_all_applied() else 0
        if clock.now() > deadline:
            raise TimeoutError("the views do not catch up with the core")
        time.sleep(_POLL_S)


def _is_all_applied() -> bool:
    if any(relay.oldest_unsent_at for relay in flow.measure_relays()):
        return False
    try:
        return not any(lag.records for lag in flow.measure_lags())
    except flow.BrokerDown:  # busy: ask again.
        return False
