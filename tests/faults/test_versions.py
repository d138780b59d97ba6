"""Versions of an aggregate that come late, twice, or not at all for a while, from whoever writes to the topic."""

from collections import defaultdict
from collections.abc import Iterable

import psycopg
import pytest

from tests.faults import broker
from tests.faults.broker import Record
from tests.faults.purses import PARTITIONS, PURSES, TALLYING, WATCHING
from tests.faults.timing import wait_until
from tests.faults.world import World

ELSEWHERE = "elsewhere."


@pytest.mark.faults
def test_a_missing_version_parks_its_key_only_and_all_is_in_order_once_it_has_come(world, seed, chance):
    records = published_records(world, seed)
    by_purse = by_key(records)
    missing = {purse: chance.choice(found[1:-1]) for purse, found in by_purse.items() if len(found) > 4}
    start_elsewhere(world, TALLYING)
    forget_log(world)
    write(world, [record for record in records if record not in missing.values()])
    wait_until(lambda: parked(world) == set(missing), "not all keys with a gap are parked")
    wait_until(lambda: read_all(world, TALLYING), "not all was read")
    for purse, record in missing.items():
        assert tally(world, TALLYING)[purse] == list(range(1, record.version))

    write(world, missing.values())

    wait_until(lambda: not parked(world), "keys stay parked")
    wait_until(lambda: read_all(world, TALLYING), "not all was read")
    assert tally(world, TALLYING) == {purse: list(range(1, len(found) + 1)) for purse, found in by_purse.items()}


def test_versions_in_any_order_with_repetitions_are_applied_from_the_first_to_the_last_once(world, seed, chance):
    records = published_records(world, seed)
    stream = records + chance.sample(records, len(records) // 3)
    chance.shuffle(stream)
    start_elsewhere(world, TALLYING)
    forget_log(world)
    write(world, stream)

    wait_until(lambda: read_all(world, TALLYING), "not all was read")
    wait_until(lambda: not parked(world), "keys stay parked")
    assert tally(world, TALLYING) == {purse: list(range(1, len(found) + 1)) for purse, found in by_key(records).items()}


def test_a_version_that_the_topic_lost_is_read_from_the_log_and_no_key_waits(world, seed, chance):
    records = published_records(world, seed)
    by_purse = by_key(records)
    missing = [chance.choice(found[1:-1]) for found in by_purse.values() if len(found) > 4]
    start_elsewhere(world, TALLYING)
    write(world, [record for record in records if record not in missing])

    wait_until(lambda: read_all(world, TALLYING), "not all was read")
    assert not parked(world)
    assert tally(world, TALLYING) == {purse: list(range(1, len(found) + 1)) for purse, found in by_purse.items()}


def test_stale_versions_are_dropped_where_only_the_newest_counts(world, seed, chance):
    records = published_records(world, seed)
    stream = records + chance.sample(records, len(records) // 3)
    chance.shuffle(stream)
    start_elsewhere(world, WATCHING)
    write(world, stream)

    wait_until(lambda: read_all(world, WATCHING), "not all was read")
    tallies = tally(world, WATCHING)
    for purse, found in by_key(records).items():
        assert tallies[purse] == sorted(set(tallies[purse])), "an older version came after a newer one"
        assert tallies[purse][-1] == len(found)


def published_records(world: World, seed: int) -> list[Record]:
    """Let deeds happen and be published; return their records, and make a topic elsewhere for an adversary."""
    world.start_relay()
    world.write(seed=seed, seconds=1, rate=200)
    changes = sum(map(len, world.account().done.values()))
    wait_until(
        lambda: sum(broker.ends(world.bootstrap, world.prefix + PURSES).values()) >= changes, "not all was published"
    )
    broker.make_topics(world.bootstrap, [adversary_topic(world)], partitions=PARTITIONS)
    return broker.read_topic(world.bootstrap, world.prefix + PURSES)


def start_elsewhere(world: World, group: str) -> None:
    """Let a group read what the adversary writes."""
    world.end("relay")
    world.prepare_others(TOPIC_PREFIX=ELSEWHERE + world.prefix)
    world.start_consumers(groups=[group])


def forget_log(world: World) -> None:
    """Let the log be another platform's: what the topic lacks is nowhere."""
    with psycopg.connect(world.admin_url) as admin:
        admin.execute("SET session_replication_role = replica")
        admin.execute("TRUNCATE streaming_event")


def adversary_topic(world: World) -> str:
    """Return the name of the topic, whether or not the world has moved there."""
    return ELSEWHERE + world.prefix.removeprefix(ELSEWHERE) + PURSES


def write(world: World, records: Iterable[Record]) -> None:
    broker.write_records(world.bootstrap, adversary_topic(world), records)


def read_all(world: World, group: str) -> bool:
    """Say whether the group has read what the adversary wrote."""
    world.demand_life()
    stands = dict(world.rows('SELECT partition, next_offset FROM streaming_offset WHERE "group" = %s', [group]))
    ends = broker.ends(world.bootstrap, adversary_topic(world))
    return all(stands.get(partition, 0) >= end for partition, end in ends.items())


def tally(world: World, group: str) -> dict[str, list[int]]:
    """Return the versions that were applied, in their order, by purse."""
    found: dict[str, list[int]] = defaultdict(list)
    for purse, version in world.rows(
        'SELECT purse_id::text, version FROM tests_tally WHERE "group" = %s ORDER BY n', [group]
    ):
        found[purse].append(version)
    return dict(found)


def parked(world: World) -> set[str]:
    return {key for (key,) in world.rows("SELECT key FROM streaming_parked_key")}


def by_key(records: Iterable[Record]) -> dict[str, list[Record]]:
    found: dict[str, list[Record]] = defaultdict(list)
    for record in records:
        found[record.key].append(record)
    return dict(found)
