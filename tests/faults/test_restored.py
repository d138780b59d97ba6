"""The database is restored, from a backup or to another cluster: the relay refuses until people have decided."""

from collections.abc import Iterator
from pathlib import Path
from signal import SIGINT

import psycopg
import pytest

from openbanking.services.addresses import known_addresses
from openbanking.services.service_set import ServiceSet
from tests.faults import broker
from tests.faults.clusters import Cluster, ending, through
from tests.faults.oracle import judge
from tests.faults.proxy import Proxy, running_proxy
from tests.faults.purses import PURSES
from tests.faults.timing import pause, wait_until
from tests.faults.world import World, running_world, with_database


@pytest.fixture
def primary(ground: ServiceSet, tmp_path: Path) -> Iterator[Cluster]:
    """A server that knows the template."""
    ground.up()
    primary = Cluster(ground.folder).copy_to(tmp_path / "primary")
    with ending(primary):
        primary.start()
        yield primary


@pytest.fixture
def door(primary: Cluster) -> Iterator[Proxy]:
    """What leads to the server that serves."""
    with running_proxy(primary.port) as door:
        yield door


@pytest.fixture
def world(ground: ServiceSet, primary: Cluster, door: Proxy, tmp_path: Path) -> Iterator[World]:
    """A world on that server and the common broker."""
    known = known_addresses(primary.folder, {})
    elsewhere = {
        "database_url": through(known.database_url, door.port),
        "database_owner_url": through(known.database_owner_url, door.port),
        "database_admin_url": known.database_admin_url,
    }
    folder = tmp_path / "world"
    folder.mkdir()
    with running_world(folder, ground, elsewhere=elsewhere) as world:
        yield world


def test_a_database_recovered_to_an_earlier_moment_is_refused_until_it_is_adopted(world, primary, door, seed, tmp_path):
    start_all(world)
    world.write(seed=seed, seconds=2)
    judge(world)
    backup = primary.copy_to(tmp_path / "backup")
    with ending(backup):
        world.write(seed=seed + 1, seconds=2)
        wait_until(lambda: everything_is_sent(world), "not all was published")
        door.lead_to(None)
        primary.end(SIGINT)
        backup.recover()
        world.look_at(backup.admin_url)
        door.lead_to(backup.port)
        wait_until(lambda: refusal(world), "the relay did not refuse")
        sent = broker.ends(world.bootstrap, world.prefix + PURSES)
        pause(3)
        assert broker.ends(world.bootstrap, world.prefix + PURSES) == sent

        demand_that_it_goes_on_once_adopted(world, seed=seed + 2)


def test_a_database_moved_to_another_cluster_is_refused_and_once_adopted_loses_and_repeats_nothing(
    world, primary, door, seed, tmp_path
):
    start_all(world)
    world.write(seed=seed, seconds=2)
    judge(world)
    other = primary.sibling(tmp_path / "other")
    with ending(other):
        move(primary, other, world.database)
        door.lead_to(None)
        primary.end(SIGINT)
        world.look_at(other.admin_url)
        door.lead_to(other.port)
        wait_until(lambda: refusal(world), "the relay did not refuse")

        world.manage("relay", "adopt", "--since", an_hour_ago(world), "--yes")
        world.write(seed=seed + 1, seconds=2)

        assert judge(world) > 0
        sent = broker.ends(world.bootstrap, world.prefix + PURSES)
        pause(3)
        assert broker.ends(world.bootstrap, world.prefix + PURSES) == sent, "it sends the same again and again"


def test_a_dump_that_is_restored_into_the_running_server_is_refused_until_it_is_adopted(world, primary, door, seed):
    start_all(world)
    world.write(seed=seed, seconds=2)
    judge(world)
    dump = dump_of(primary, world.database)
    world.write(seed=seed + 1, seconds=2)
    wait_until(lambda: everything_is_sent(world), "not all was published")
    door.lead_to(None)
    set_aside(primary, world.database)
    restore(dump, source=primary, target=primary)
    world.look_at(primary.admin_url)
    door.lead_to(primary.port)
    wait_until(lambda: refusal(world), "the relay did not refuse")

    demand_that_it_goes_on_once_adopted(world, seed=seed + 2)


def demand_that_it_goes_on_once_adopted(world, *, seed):
    """Adopt a log that lacks events; what it still knows, and what happens next, must be applied once and in order."""
    told = world.manage("relay", "adopt", "--since", an_hour_ago(world), "--yes")

    lost = world.account().done.keys() - kept_deeds(world)
    assert lost
    assert refusal(world) is None, told
    world.write(seed=seed, seconds=1)
    judge_what_is_left(world, lost)


def move(source, target, database):
    """Move a database to a server whose transaction ids and identity have nothing to do with the old one's."""
    target.start()
    target.service.settle()
    restore(dump_of(source, database), source=source, target=target)


def dump_of(source, database):
    dump = source.service.home / "dump"
    source.run(
        ["pg_dump", "--format=custom", f"--file={dump}", with_database(source.admin_url, database)], reaching=source
    )
    return dump


def restore(dump, *, source, target):
    """Make the dumped database anew, under its name."""
    source.run(["pg_restore", "--create", f"--dbname={target.admin_url}", str(dump)], reaching=source)


def set_aside(server, database):
    """Let a database have another name, whoever is connected to it."""
    with psycopg.connect(server.admin_url, autocommit=True) as admin:
        admin.execute("SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE datname = %s", [database])
        admin.execute(f'ALTER DATABASE "{database}" RENAME TO "{database}_aside"')


def start_all(world):
    world.start_consumers()
    world.start_relay()
    world.start_relay("other relay")


def judge_what_is_left(world, lost):
    """What the database still knows is applied once and in order, beside what was lost but had been published."""
    account = world.account()
    known = account.done | account.unknown
    wanted = {(deed_id, position) for deed_id in kept_deeds(world) | lost for position in range(len(known[deed_id]))}
    wait_until(lambda: set(applied(world)) >= wanted, "not all was applied")
    assert sorted(applied(world)) == sorted(wanted)
    for (versions,) in world.rows("SELECT array_agg(version ORDER BY n) FROM tests_sighting GROUP BY purse_id"):
        assert versions == sorted(set(versions))


def applied(world):
    return world.rows("SELECT deed_id, position FROM tests_sighting")


def kept_deeds(world):
    return {deed_id for (deed_id,) in world.rows("SELECT deed_id FROM tests_deed")}


def everything_is_sent(world):
    changes = sum(map(len, world.account().done.values()))
    return sum(broker.ends(world.bootstrap, world.prefix + PURSES).values()) >= changes


def refusal(world):
    return world.value("SELECT max(refusal) FROM streaming_relay")


def an_hour_ago(world):
    return world.value("SELECT to_char(now() - interval '1 hour', 'YYYY-MM-DD\"T\"HH24:MI:SS\"Z\"')")
