"""``kill -9`` of the dispatcher loses nothing; what was in flight comes again under the same id, once at most."""

import os
import signal
import subprocess
import sys
import time
from collections import Counter
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
from django.db import connection

from tests.support.builders.webhooks import an_endpoint, news_of_a_balance, tell
from tests.support.receiver import Reply
from tests.support.waiting import wait_until
from webhooks.models import Delivery
from webhooks.states import DeliveryState

pytestmark = [pytest.mark.django_db(transaction=True), pytest.mark.processes]

ROOT = Path(__file__).resolve().parents[2]
COUNT = 60


def _start():
    database = connection.settings_dict
    url = "postgresql://{USER}:{PASSWORD}@{HOST}:{PORT}/{NAME}".format(**database)
    return subprocess.Popen(
        [sys.executable, "manage.py", "dispatch_webhooks"],
        cwd=ROOT,
        env=os.environ | {"DATABASE_URL": url},
        stdout=subprocess.DEVNULL,
        stderr=subprocess.DEVNULL,
    )


def test_every_event_arrives_and_repetitions_have_the_same_id(third_party, consent, account_id, receiver, now):
    an_endpoint(third_party.id, now=now, url=receiver.url)
    receiver.usual = Reply(status=200, body=_Slow())
    tell([news_of_a_balance(account_id, now=now) for _ in range(COUNT)], now=now)

    first = _start()
    receiver.wait_for(COUNT // 3, timeout_s=30)
    first.send_signal(signal.SIGKILL)
    first.wait()
    in_flight = Delivery.objects.filter(lease__isnull=False, state=DeliveryState.DUE)
    leased = set(in_flight.values_list("event_id", flat=True))
    assert 0 < len(leased) <= 10 * 2  # those under way, and those answered but not yet recorded.
    in_flight.update(next_attempt_at=datetime.now(UTC) - timedelta(seconds=1))  # as if the lease had run out.

    second = _start()
    try:
        wait_until(
            lambda: not Delivery.objects.exclude(state=DeliveryState.DELIVERED).exists(), "not all was delivered"
        )
    finally:
        second.terminate()
        second.wait(15)

    times = Counter(call.headers["webhook-id"] for call in receiver.events)
    assert len(times) == COUNT
    assert {event_id for event_id, count in times.items() if count > 1} <= {str(event_id) for event_id in leased}
    assert max(times.values()) <= 2
    assert second.returncode == 0


class _Slow:
    """A body that takes a twentieth of a second, so that calls are under way when the process dies."""

    def __iter__(self):
        time.sleep(0.05)
        yield b"ok"
