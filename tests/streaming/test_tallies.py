"""Counts of many processes become one, and none is lost or counted twice on the way."""

import threading

import pytest
from django.db import OperationalError, connection
from prometheus_client import REGISTRY

from streaming import tallies
from tests.support.waiting import wait_until

pytestmark = pytest.mark.django_db


@pytest.fixture(autouse=True)
def _nothing_counted_yet(db):
    tallies.store()
    with connection.cursor() as cursor:
        cursor.execute("DELETE FROM streaming_tally")


def _sample(name: str, **labels: str) -> float | None:
    return REGISTRY.get_sample_value(name, labels)


def test_what_processes_count_is_added_up():
    for amount in (3, 4):
        tallies.DUPLICATES.add(amount, "some.group")
        tallies.store()

    assert _sample("millrace_duplicates_total", group="some.group") == 7


def test_what_is_stored_is_not_stored_again():
    tallies.EVENTS_SENT.add(5)
    tallies.store()
    tallies.store()

    assert _sample("millrace_events_sent_total") == 5


def test_a_histogram_counts_values_up_to_each_bound():
    for seconds in (0.001, 0.002, 0.3, 99):
        tallies.CHUNK_SECONDS.note(seconds)
    tallies.store()

    buckets = {le: _sample("millrace_chunk_seconds_bucket", le=le) for le in ("0.002", "0.2", "0.5", "30.0", "+Inf")}
    assert buckets == {"0.002": 2, "0.2": 2, "0.5": 3, "30.0": 3, "+Inf": 4}
    assert _sample("millrace_chunk_seconds_sum") == pytest.approx(99.303)
    assert _sample("millrace_chunk_seconds_count") == 4


def test_what_could_not_be_stored_is_stored_the_next_time(monkeypatch):
    tallies.EVENTS_SENT.add(2)
    with monkeypatch.context() as broken:
        broken.setattr(connection, "cursor", _fail)
        with pytest.raises(OperationalError):
            tallies.store()
    tallies.EVENTS_SENT.add(1)
    tallies.store()

    assert _sample("millrace_events_sent_total") == 3


def test_threads_lose_no_count():
    def count() -> None:
        for _ in range(1000):
            tallies.TRANSIENT_ERRORS.add(1, "some.group", "OperationalError")

    threads = [threading.Thread(target=count) for _ in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    tallies.store()

    assert _sample("millrace_transient_errors_total", group="some.group", error="OperationalError") == 4000


@pytest.mark.django_db(transaction=True)
def test_while_counts_are_kept_they_are_stored_by_and_by_and_at_the_end(monkeypatch):
    monkeypatch.setattr(tallies, "STORE_EVERY_S", 0.05)
    with tallies.kept():
        tallies.EVENTS_SENT.add(1)
        wait_until(lambda: _sample("millrace_events_sent_total") == 1, "it was not stored")
        tallies.EVENTS_SENT.add(1)

    assert _sample("millrace_events_sent_total") == 2


def _fail(*_args: object) -> None:
    raise OperationalError("the database is away")
