"""The number of relays that share the log may change at any time: some events are sent twice, none is lost."""

from collections import defaultdict
from uuid import uuid4

import pytest
from django.db import transaction

from openbanking.settings.environment import Environment
from streaming import outbox
from streaming.database import connect
from streaming.relaying import lease
from streaming.relaying.ranges import UnknownRange, get_range, ranges
from streaming.relaying.resizing import make_rows
from streaming.relaying.status import list_ranges
from tests.support.builders.streaming import a_thing_moved
from tests.support.streams import published, relay_once
from tests.support.waiting import wait_until

TOPIC = "tests.things.v1"


@pytest.fixture(autouse=True)
def _rows_of_one_range(settings):
    """Rows of ranges outlast a test; leave them as they were found."""
    yield
    settings.RELAY_RANGES = 1
    with connect() as session:
        wait_until(lambda: _is_left_with(session, "relay:0-63"), "somebody still leads another range")


def _is_left_with(session, name: str) -> bool:
    make_rows(session)
    return [row.name for row in list_ranges()] == [name]


def test_ranges_share_all_shards_evenly(settings):
    settings.RELAY_RANGES = 4

    assert [shards.name for shards in ranges()] == ["relay:0-15", "relay:16-31", "relay:32-47", "relay:48-63"]
    assert get_range("relay:16-31") == ranges()[1]
    with pytest.raises(UnknownRange):
        get_range("relay:0-63")


def test_a_number_that_does_not_divide_the_shards_is_no_configuration(monkeypatch):
    monkeypatch.setenv("RELAY_RANGES", "3")
    with pytest.raises(ValueError, match="must divide the 64 shards"):
        Environment()


@pytest.mark.django_db(transaction=True)
def test_nothing_is_lost_and_the_order_stays_when_the_number_of_ranges_changes(settings):
    things = [uuid4() for _ in range(40)]
    for step, number in enumerate((1, 4, 2, 1)):
        settings.RELAY_RANGES = number
        with transaction.atomic():
            outbox.record_many([a_thing_moved(thing, step=step) for thing in things])
        relay_once()

    versions = defaultdict(list)
    for record in published(TOPIC):
        versions[record.key].append(int(record.headers["aggregate-version"]))
    assert all(list(dict.fromkeys(versions[str(thing)])) == [1, 2, 3, 4] for thing in things)


@pytest.mark.django_db(transaction=True)
def test_a_new_range_begins_where_the_slowest_of_those_before_it_stood(settings):
    settings.RELAY_RANGES = 2
    with connect() as session:
        make_rows(session)
        _set(session, "relay:0-31", snap="900:950:910", stored_at="2026-01-02")
        _set(session, "relay:32-63", snap="800:999:", stored_at="2026-01-01")
        settings.RELAY_RANGES = 4
        make_rows(session)
        found = {row.name: row.snap for row in list_ranges()}
        assert found == {
            "relay:0-15": "900:900:",
            "relay:16-31": "900:900:",
            "relay:32-47": "800:800:",
            "relay:48-63": "800:800:",
        }
        settings.RELAY_RANGES = 1
        make_rows(session)
        assert [(row.name, row.snap) for row in list_ranges()] == [("relay:0-63", "800:800:")]
        _set(session, "relay:0-63", snap="3:3:", stored_at="2026-01-01")


@pytest.mark.django_db(transaction=True)
def test_a_new_range_inherits_that_its_log_is_refused_and_where_it_was_published_from(settings):
    with connect() as session:
        make_rows(session)
        session.execute(
            "UPDATE streaming_relay SET refused_at = now(), refusal = 'restored', system_identifier = 7, timeline = 'A'"
        )
        settings.RELAY_RANGES = 2
        make_rows(session)
        found = session.execute("SELECT DISTINCT refusal, system_identifier, timeline FROM streaming_relay").fetchall()
        session.execute(
            "UPDATE streaming_relay SET refused_at = NULL, refusal = NULL, system_identifier = NULL, timeline = NULL"
        )

    assert found == [("restored", 7, "A")]


@pytest.mark.django_db(transaction=True)
def test_the_row_of_a_former_range_stays_as_long_as_somebody_leads_it(settings):
    with connect() as session:
        make_rows(session)
        wait_until(lambda: lease.live_runners(session, name="relay:0-63") == 0, "a lease is left over")
        leadership = lease.take(session, name="relay:0-63", owner="old process")
        assert leadership is not None
        settings.RELAY_RANGES = 2
        make_rows(session)
        lease.renew(session, leadership)  # its row is still there.
        assert len(list_ranges()) == 3
        lease.release(session, leadership)
        make_rows(session)

    assert [row.name for row in list_ranges()] == ["relay:0-31", "relay:32-63"]


def _set(session, name: str, *, snap: str, stored_at: str) -> None:
    session.execute(
        "UPDATE streaming_relay SET snap = %s::pg_snapshot, stored_at = %s WHERE name = %s", [snap, stored_at, name]
    )
