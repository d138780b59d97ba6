"""Transactions that stay open, prepared or not: they delay their own events only, and let no table grow."""

from datetime import UTC, datetime
from uuid import UUID, uuid4

import psycopg
import pytest

from kernel.identifiers import new_id
from streaming.events import shard_of
from tests.faults import broker
from tests.faults.journal import Change, Journal
from tests.faults.oracle import judge
from tests.faults.purses import PURSES, PurseChanged
from tests.faults.timing import wait_until

DEAD_ROWS_OF_RELAY = 1000


@pytest.mark.faults
def test_a_transaction_that_stays_open_delays_its_own_events_only(world, seed):
    hold_a_transaction(world, seed, seconds=3)


def test_a_transaction_that_is_held_for_a_minute_delays_its_own_events_only_and_lets_no_table_grow(world, seed):
    hold_a_transaction(world, seed, seconds=60)


def test_a_prepared_transaction_delays_its_own_events_only(world, seed):
    allow_prepared_transactions(world)
    start_all(world)
    session = psycopg.connect(world.admin_url)
    xid = session.xid(1, "late", "deed")
    session.tpc_begin(xid)
    deed_id, purse = write_by_hand(session, Journal(world.journal))
    session.tpc_prepare()
    session.close()
    world.write(seed=seed, seconds=3)
    demand_others_without(world, purse)

    with psycopg.connect(world.admin_url, autocommit=True) as later:
        later.tpc_commit(xid)
    Journal(world.journal).done(deed_id)
    assert judge(world) > 0


def hold_a_transaction(world, seed, seconds):
    """Hold an event and an old snapshot while deeds are written."""
    start_all(world)
    world.rows("SELECT pg_stat_reset()")
    with psycopg.connect(world.admin_url) as slow, psycopg.connect(world.admin_url) as onlooker:
        onlooker.execute("SET TRANSACTION ISOLATION LEVEL REPEATABLE READ")
        onlooker.execute("SELECT count(*) FROM streaming_relay")
        deed_id, purse = write_by_hand(slow, Journal(world.journal))
        world.write(seed=seed, seconds=seconds)
        demand_others_without(world, purse)
        dead = dict(world.rows("SELECT relname, n_dead_tup FROM pg_stat_user_tables WHERE relname LIKE 'streaming%'"))
        assert dead["streaming_relay"] < DEAD_ROWS_OF_RELAY
        undone = len(world.account().undone)
        assert sum(number for name, number in dead.items() if name.startswith("streaming_event")) <= 2 * undone
        slow.commit()
        Journal(world.journal).done(deed_id)

    assert judge(world) > 0


def write_by_hand(session, journal):
    """Do a deed in the given transaction, with purses that nobody else uses; return it and one of them."""
    deed_id, giver, taker = new_id(), uuid4(), uuid4()
    changes: list[Change] = [(giver, -1), (taker, 1)]
    journal.begin(deed_id, changes)
    session.execute("INSERT INTO tests_deed VALUES (%s)", [deed_id])
    for position, (purse, amount) in enumerate(changes):
        session.execute("INSERT INTO tests_purse VALUES (%s, %s)", [purse, amount])
        record(
            session,
            PurseChanged(
                occurred_at=datetime.now(UTC), purse_id=purse, deed_id=deed_id, position=position, amount=amount
            ),
        )
    return deed_id, giver


def record(session: psycopg.Connection[tuple[object, ...]], event: PurseChanged) -> None:
    """Append an event as the outbox does, in a session that Django does not know."""
    session.execute(
        "WITH head AS (INSERT INTO streaming_stream VALUES (%(aggregate_type)s, %(id)s, 1) RETURNING version)"
        " INSERT INTO streaming_event (event_id, shard, aggregate_type, aggregate_id, version, type, schema_version,"
        " topic, key, payload, actor, occurred_at) SELECT %(event_id)s, %(shard)s, %(aggregate_type)s, %(id)s, version,"
        " %(type)s, 1, %(topic)s, %(id)s, %(payload)s, 'nobody', %(occurred_at)s FROM head",
        {
            "aggregate_type": event.aggregate_type,
            "id": event.aggregate_id,
            "event_id": new_id(),
            "shard": shard_of(event.aggregate_type, event.aggregate_id),
            "type": event.name,
            "topic": event.topic,
            "payload": event.to_payload(),
            "occurred_at": event.occurred_at,
        },
    )


def demand_others_without(world, purse: UUID):
    """All that was committed must arrive although the one deed is open, and that one must not."""
    changes = sum(map(len, world.account().done.values()))
    wait_until(lambda: len(purses_on_topic(world)) >= changes, "the others' events are delayed")
    wait_until(
        lambda: world.value("SELECT count(*) FROM tests_receipt") >= changes, "the others' events are not applied"
    )
    assert str(purse) not in purses_on_topic(world)


def purses_on_topic(world):
    return [record.key for record in broker.read_topic(world.bootstrap, world.prefix + PURSES)]


def start_all(world):
    world.start_consumers()
    world.start_relay()


def allow_prepared_transactions(world):
    """The setting wants a restart."""
    if world.value("SHOW max_prepared_transactions") == "0":
        world.rows("ALTER SYSTEM SET max_prepared_transactions = 10")
        world.kill_service("postgres")
        world.bring_up()
