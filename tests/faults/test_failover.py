"""The primary dies and a standby takes its place: with all commits, or without the last ones."""

from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from signal import SIGKILL

import msgspec
import psycopg
import pytest

from openbanking.services.addresses import known_addresses
from openbanking.services.service_set import ServiceSet
from tests.faults import broker
from tests.faults.clusters import Cluster, ending, through
from tests.faults.oracle import judge
from tests.faults.proxy import Proxy, running_proxy
from tests.faults.purses import PURSES, PurseChanged
from tests.faults.timing import pause, wait_until
from tests.faults.world import World, running_world


@dataclass(frozen=True, kw_only=True)
class Pair:
    """A primary behind a door, and the standby that follows it by a link."""

    primary: Cluster
    standby: Cluster
    door: Proxy
    link: Proxy

    def fail_over(self, world: World) -> None:
        """Kill the primary, promote the standby, and let the door lead there."""
        self.primary.end(SIGKILL)
        self.standby.promote()
        world.look_at(self.standby.admin_url)
        self.door.lead_to(self.standby.port)


@pytest.fixture
def pair(ground: ServiceSet, tmp_path: Path) -> Iterator[Pair]:
    """A primary that knows the template, followed by a standby."""
    ground.up()
    primary = Cluster(ground.folder).copy_to(tmp_path / "primary")
    standby = Cluster(tmp_path / "standby")
    with ending(primary, standby):
        primary.start()
        with running_proxy(primary.port) as door, running_proxy(primary.port) as link:
            primary.copy_to(standby.folder, follows_by_port=link.port)
            standby.start()
            yield Pair(primary=primary, standby=standby, door=door, link=link)


@pytest.fixture
def world(ground: ServiceSet, pair: Pair, tmp_path: Path) -> Iterator[World]:
    """A world on the pair's database and the common broker."""
    known = known_addresses(pair.primary.folder, {})
    elsewhere = {
        "database_url": through(known.database_url, pair.door.port),
        "database_owner_url": through(known.database_owner_url, pair.door.port),
        "database_admin_url": known.database_admin_url,
    }
    folder = tmp_path / "world"
    folder.mkdir()
    with running_world(folder, ground, elsewhere=elsewhere) as world:
        yield world


def test_nothing_is_lost_when_a_synchronous_standby_is_promoted_under_load(world, pair, seed):
    wait_until(pair.primary.is_followed, "the standby does not follow")
    pair.primary.set(synchronous_standby_names="*")
    start_all(world, seed)
    pause(3)
    pair.fail_over(world)
    pause(3)
    world.end("writer")

    assert judge(world) > 0


def test_effects_lost_in_a_failover_are_applied_again_by_consumers_that_were_running_all_the_time(world, pair, seed):
    world.start_relay()
    world.start_consumers()
    world.write(seed=seed, seconds=1)
    judge(world)
    with psycopg.connect(world.admin_url) as holder:
        holder.execute("LOCK TABLE streaming_offset IN EXCLUSIVE MODE")  # consumers stand still inside their batch.
        world.write(seed=seed + 1, seconds=1)
        changes = sum(map(len, world.account().done.values()))
        wait_until(
            lambda: sum(broker.ends(world.bootstrap, world.prefix + PURSES).values()) >= changes,
            "not all was published",
        )
        world.end("relay")
        wait_until(pair.primary.is_followed, "the standby does not follow")
        pair.link.lead_to(None)
    wait_until(lambda: world.value("SELECT count(*) FROM tests_sighting") >= changes, "not all was applied")
    pair.fail_over(world)
    world.start_relay()
    world.write(seed=seed + 2, seconds=1)

    assert judge(world) > 0


def test_commits_lost_in_a_failover_are_detected_before_anything_else_is_published(world, pair, seed):
    lost = lose_commits(world, pair, seed)
    sent = broker.ends(world.bootstrap, world.prefix + PURSES)
    world.write(seed=seed + 1, seconds=1)
    wait_until(lambda: refusal(world), "the relay did not refuse")
    pause(2)

    assert lost
    assert broker.ends(world.bootstrap, world.prefix + PURSES) == sent
    assert refusal(world), "it forgot that it refused"
    world.demand_life()


def test_after_a_failover_that_lost_commits_adopt_names_them_and_the_rest_is_applied_once_in_order(world, pair, seed):
    lost = lose_commits(world, pair, seed)
    wait_until(lambda: refusal(world), "the relay did not refuse")
    published = published_deeds(world)
    told = world.manage("relay", "adopt", "--since", an_hour_ago(world), "--yes")
    world.write(seed=seed + 1, seconds=2)

    for event_id in lost_event_ids(world, lost):
        assert event_id in told, "adopt did not name an event that the topics have and the log has not"
    account = world.account()
    kept = {deed_id for (deed_id,) in world.rows("SELECT deed_id FROM tests_deed")}
    known = account.done | account.unknown
    wanted = {(deed_id, position) for deed_id in kept | (published & lost) for position in range(len(known[deed_id]))}
    wait_until(lambda: applied(world).keys() >= wanted, "not all was applied")
    assert set(applied(world).values()) == {1}
    assert applied(world).keys() == wanted
    for (versions,) in world.rows("SELECT array_agg(version ORDER BY n) FROM tests_sighting GROUP BY purse_id"):
        assert versions == sorted(set(versions))


def lose_commits(world, pair, seed):
    """Let the standby miss what is written, and promote it; return the deeds that only the journal has."""
    start_all(world, seed)
    wait_until(lambda: world.value("SELECT count(*) FROM tests_sighting") > 100, "nothing flows")
    wait_until(pair.primary.is_followed, "the standby does not follow")
    pair.link.lead_to(None)
    before = len(world.account().done)
    wait_until(lambda: len(world.account().done) > before + 50, "nothing is written")
    world.end("writer")
    done = sum(map(len, world.account().done.values()))
    wait_until(
        lambda: sum(broker.ends(world.bootstrap, world.prefix + PURSES).values()) >= done, "not all was published"
    )
    pair.primary.end(SIGKILL)
    pair.standby.promote()
    world.look_at(pair.standby.admin_url)
    kept = {deed_id for (deed_id,) in world.rows("SELECT deed_id FROM tests_deed")}
    pair.door.lead_to(pair.standby.port)
    return world.account().done.keys() - kept


def start_all(world, seed):
    world.start_consumers()
    world.start_relay()
    world.start_relay("other relay")
    world.start_writer(seed=seed)


def refusal(world):
    return world.value("SELECT max(refusal) FROM streaming_relay")


def an_hour_ago(world):
    return world.value("SELECT to_char(now() - interval '1 hour', 'YYYY-MM-DD\"T\"HH24:MI:SS\"Z\"')")


def published_deeds(world):
    records = broker.read_topic(world.bootstrap, world.prefix + PURSES)
    return {msgspec.json.decode(record.value, type=PurseChanged).deed_id for record in records}


def lost_event_ids(world, lost):
    records = broker.read_topic(world.bootstrap, world.prefix + PURSES)
    return {
        record.headers["ce_id"]
        for record in records
        if msgspec.json.decode(record.value, type=PurseChanged).deed_id in lost
    }


def applied(world):
    return Counter(world.rows("SELECT deed_id, position FROM tests_sighting"))
