"""
The judge: the writers' journal against the business, the topic and every effect.

It believes no number that the platform keeps about itself; the places of groups only tell it when to stop waiting.
"""

from collections import defaultdict
from collections.abc import Iterable, Mapping
from typing import Any
from uuid import UUID

import msgspec

from tests.faults import broker
from tests.faults.journal import Change
from tests.faults.purses import ADDING, FILING, GROUPS, PRINTING, PURSES, RECEIPTS, PurseChanged
from tests.faults.timing import wait_until
from tests.faults.world import World

ARRIVES_WITHIN_S = 180.0

Deeds = Mapping[UUID, list[Change]]


def judge(world: World, *, within_s: float = ARRIVES_WITHIN_S, groups: Iterable[str] = GROUPS) -> int:
    """
    Wait until all has arrived, then demand that everything agrees; return how many changes there were.

    Writers must have ended. Every change that a writer saw committed must be there once and in order on the topic (but
    for repetitions), in the totals and as a receipt; nothing else may be there; and both sides of each deed, or none.
    """
    deeds = committed_deeds(world)
    changes = sum(map(len, deeds.values()))
    judge_business(world, deeds)
    wait_until(lambda: has_arrived(world, changes, groups), "not all has arrived", within_s)
    judge_topic(world, deeds)
    if ADDING in groups:
        judge_totals(world, deeds)
    if FILING in groups:
        judge_receipts(world, deeds)
    assert not world.value("SELECT count(*) FROM streaming_dead_letter"), "records were set aside without reason"
    return changes


def committed_deeds(world: World) -> Deeds:
    """
    Return what happened: all that a writer saw committed, and what it lost sight of if the business has it.

    :raises AssertionError: if the business lost a deed, or has one that was undone or never begun.
    """
    account = world.account()
    kept = {deed_id for (deed_id,) in world.rows("SELECT deed_id FROM tests_deed")}
    assert not account.done.keys() - kept, "the database lost what it had confirmed"
    assert not account.undone.keys() & kept, "the database has what was undone"
    known = {**account.done, **account.unknown}
    assert kept <= known.keys(), "the database has what nobody wrote"
    return {deed_id: list(known[deed_id]) for deed_id in kept}


def judge_business(world: World, deeds: Deeds) -> None:
    """The purses hold what the deeds add up to, and all of them together nothing."""
    balances = dict(world.rows("SELECT purse_id, balance FROM tests_purse"))
    assert balances == _sums(deeds)
    assert sum(balances.values()) == 0


def judge_topic(world: World, deeds: Deeds) -> None:
    """On the topic each purse's changes are, at first sight, versions 1 to n, and they are the deeds' changes."""
    contents: dict[str, list[int]] = defaultdict(list)
    wanted = _wanted(deeds)
    for record in broker.iterate_topic(world.bootstrap, world.prefix + PURSES):
        seen, content = contents[record.key], hash(record.value)
        if record.version <= len(seen):
            assert seen[record.version - 1] == content, f"version {record.version} of {record.key} has two contents"
            continue
        assert record.version == len(seen) + 1, f"{record.key}: version {record.version} came after {len(seen)}"
        seen.append(content)
        event = _decoder.decode(record.value)
        _strike(wanted, (event.deed_id, event.position, event.purse_id, event.amount))
    assert not wanted, f"{len(wanted)} changes never came to the topic"


def judge_totals(world: World, deeds: Deeds) -> None:
    """Each change was applied once, those of a purse in order, and the totals say the same as the business."""
    wanted, order = _wanted(deeds), _Order()
    for deed_id, position, purse, amount, version in world.stream(
        "SELECT deed_id, position, purse_id, amount, version FROM tests_sighting ORDER BY n"
    ):
        _strike(wanted, (deed_id, position, purse, amount))
        order.see(purse, version)
    assert not wanted, f"{len(wanted)} changes were never applied"
    assert dict(world.rows("SELECT purse_id, total FROM tests_total")) == _sums(deeds)


def judge_receipts(world: World, deeds: Deeds) -> None:
    """Each change has one receipt, and those of a purse came in the order of its changes."""
    wanted, order = {change[:3] for change in _wanted(deeds)}, _Order()
    for deed_id, position, purse, version in world.stream(
        "SELECT deed_id, position, purse_id, version FROM tests_receipt ORDER BY n"
    ):
        _strike(wanted, (deed_id, position, purse))
        order.see(purse, version)
    assert not wanted, f"{len(wanted)} changes have no receipt"


def has_arrived(world: World, changes: int, groups: Iterable[str]) -> bool:
    """Say whether the groups have read to the end what the topics hold by now, and as much as was written came."""
    world.demand_life()
    tables = {ADDING: "tests_sighting", FILING: "tests_receipt"}
    if any(world.value(f"SELECT count(*) FROM {tables[group]}") < changes for group in groups if group in tables):
        return False
    topics = {ADDING: PURSES, PRINTING: PURSES, FILING: RECEIPTS}
    places = {
        (group, topic, partition): next_offset
        for group, topic, partition, next_offset in world.rows(
            'SELECT "group", topic, partition, next_offset FROM streaming_offset'
        )
    }
    ends = {topic: broker.ends(world.bootstrap, world.prefix + topic) for topic in (PURSES, RECEIPTS)}
    if not groups:
        return _count_on_topic(world) >= changes
    unread = {
        (topics[group], partition, place)
        for group in groups
        for partition, end in ends[topics[group]].items()
        if (place := places.get((group, topics[group], partition), 0)) < end
    }
    return not any(
        broker.has_records(world.bootstrap, world.prefix + topic, partition, since=place)
        for topic, partition, place in unread
    )


def _count_on_topic(world: World) -> int:
    """Count the changes that lie on the topic, however often."""
    records = broker.iterate_topic(world.bootstrap, world.prefix + PURSES)
    return len({(record.key, record.version) for record in records})


_decoder = msgspec.json.Decoder(PurseChanged)


def _sums(deeds: Deeds) -> Mapping[UUID, int]:
    sums: dict[UUID, int] = defaultdict(int)
    for changes in deeds.values():
        for purse, amount in changes:
            sums[purse] += amount
    return dict(sums)


def _wanted(deeds: Deeds) -> set[tuple[Any, ...]]:
    return {
        (deed_id, position, purse, amount)
        for deed_id, changes in deeds.items()
        for position, (purse, amount) in enumerate(changes)
    }


def _strike(wanted: set[tuple[Any, ...]], found: tuple[Any, ...]) -> None:
    """Take what was found off the list; what is not on it came twice, or from nowhere."""
    assert found in wanted, f"{found} came twice, or was never written"
    wanted.remove(found)


class _Order:
    """Every purse's versions must come as 1, 2, 3, …"""

    def __init__(self) -> None:
        self._last: dict[UUID, int] = defaultdict(int)

    def see(self, purse: UUID, version: int) -> None:
        assert version == self._last[purse] + 1, f"{purse}: version {version} came after {self._last[purse]}"
        self._last[purse] = version
