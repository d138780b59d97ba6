"""Records that cannot be applied: their key waits in order, all others flow, and people decide."""

from uuid import UUID, uuid4

import pytest

from tests.faults import broker
from tests.faults.broker import ANY_PARTITION, Record
from tests.faults.oracle import ARRIVES_WITHIN_S, committed_deeds, judge_totals
from tests.faults.purses import ADDING, BREAKING_AMOUNT, PURSES, REFUSED_AMOUNT
from tests.faults.timing import wait_until

GOOD_HEADERS = {
    "ce_specversion": "1.0",
    "ce_source": "urn:tests",
    "ce_type": "tests.purse.changed",
    "content-type": "application/json",
    "schema-version": "1",
    "aggregate-version": "1",
}


def poisons(purse: str) -> dict[str, Record]:
    """Return records of a purse that no handler can apply, by what is wrong with them."""
    body = b'{"occurred_at":"2026-11-24T12:00:00Z","purse_id":"%s","deed_id":"%s","position":0,"amount":%s}'
    ids = (purse.encode(), str(uuid4()).encode())

    def record(value: bytes, **headers: str) -> Record:
        changed = {name.replace("_", "-") if name != "ce_type" else name: text for name, text in headers.items()}
        given = {**GOOD_HEADERS, "ce_id": str(uuid4()), "ce_subject": purse, **changed}
        return Record(partition=ANY_PARTITION, offset=0, key=purse, value=value, headers=given)

    return {
        "no JSON": record(b"{garbage"),
        "not even text": record(b"\xff\xfe\x00\x01"),
        "nothing": record(b""),
        "unknown type": record(body % (*ids, b"1"), ce_type="tests.purse.burned"),
        "wrong type of a field": record(body % (*ids, b'"much"')),
        "a version that is no number": record(body % (*ids, b"1"), aggregate_version="first"),
        "a megabyte": record(b'{"amount":"' + b"9" * 990_000 + b'"}'),
        "refused by the handler": record(body % (*ids, str(REFUSED_AMOUNT).encode())),
        "breaks the handler": record(body % (*ids, str(BREAKING_AMOUNT).encode())),
    }


@pytest.mark.faults
def test_one_poisoned_record_of_each_kind_parks_its_own_key_only_and_later_ones_wait_in_order(world, seed):
    poisoned = poison_every_purse_but_three(world, seed)

    assert parked_keys(world) == set(poisoned)
    demand_flow_of_others(world, poisoned)
    for purse in poisoned:
        states = world.rows(
            'SELECT state FROM streaming_dead_letter WHERE "group" = %s AND key = %s ORDER BY id', [ADDING, purse]
        )
        assert [state for (state,) in states] == ["poison"] + ["waiting"] * (len(states) - 1)
        assert len(states) > 1


def test_what_waits_behind_a_discarded_record_is_applied_once_and_in_order(world, seed):
    poisoned = poison_every_purse_but_three(world, seed)
    for purse in poisoned:
        letter = world.value(
            "SELECT id FROM streaming_dead_letter WHERE \"group\" = %s AND key = %s AND state = 'poison'",
            [ADDING, purse],
        )
        world.manage("groups", "discard", ADDING, "--letter", str(letter), "--reason", "it was never ours")

    deeds = committed_deeds(world)
    assert parked_keys(world) == set()
    judge_totals(world, deeds)


def test_more_than_fifty_poisoned_records_in_five_minutes_stop_the_partition_until_people_resume_it(world):
    world.start_consumers(groups=[ADDING])
    records = [poisons(str(uuid4()))["no JSON"] for _ in range(60)]
    with_partition = [
        Record(partition=1, offset=0, key=each.key, value=each.value, headers=each.headers) for each in records
    ]
    broker.write_records(world.bootstrap, world.prefix + PURSES, with_partition)

    wait_until(lambda: stopped_partitions(world) == [(PURSES, 1)], "the partition was not stopped")
    wait_until(lambda: world.processes["consumers"].poll() is None, "the process ended")
    assert world.value("SELECT count(*) FROM streaming_dead_letter") <= 60
    world.kill("consumers")
    world.start_consumers(groups=[ADDING])
    world.manage("groups", "resume", ADDING, "--reason", "mended upstream", "--partition", f"{PURSES}/1")
    wait_until(lambda: world.value("SELECT sum(next_offset) FROM streaming_offset") >= 60, "it does not go on")


def poison_every_purse_but_three(world, seed):
    """Let deeds happen, put one poisoned record into the topic for several purses, let more deeds happen."""
    world.start_relay()
    world.start_consumers(groups=[ADDING])
    world.write(seed=seed, seconds=2)
    wait_until(lambda: not behind(world), "not all was applied")
    purses = [str(purse) for (purse,) in world.rows("SELECT purse_id FROM tests_purse ORDER BY purse_id")]
    poisoned = dict(zip(purses[3:], poisons("").values(), strict=True))
    of_purses = [poisons(purse)[kind] for purse, kind in zip(purses[3:], poisons(""), strict=True)]
    broker.write_records(world.bootstrap, world.prefix + PURSES, of_purses)
    wait_until(lambda: len(parked_keys(world)) == len(poisoned), "not all poisoned keys are parked")
    world.write(seed=seed + 1, seconds=2)
    wait_until(lambda: not behind(world), "not all was read", within_s=ARRIVES_WITHIN_S)
    return list(poisoned)


def demand_flow_of_others(world, poisoned):
    """Those purses that nobody poisoned must have all that they are due."""
    deeds = committed_deeds(world)
    due: dict[UUID, int] = {}
    for changes in deeds.values():
        for purse, amount in changes:
            due[purse] = due.get(purse, 0) + amount
    totals = dict(world.rows("SELECT purse_id, total FROM tests_total"))
    flowing = [purse for purse in due if str(purse) not in poisoned]
    assert len(flowing) == 3
    assert {purse: totals[purse] for purse in flowing} == {purse: due[purse] for purse in flowing}


def behind(world):
    """Count what is not on the topic yet, or was not read by the group."""
    ends = broker.ends(world.bootstrap, world.prefix + PURSES)
    read = world.value('SELECT coalesce(sum(next_offset), 0) FROM streaming_offset WHERE "group" = %s', [ADDING])
    changes = sum(map(len, world.account().done.values()))
    return max(changes - sum(ends.values()), 0) + sum(ends.values()) - read


def parked_keys(world):
    return {key for (key,) in world.rows('SELECT key FROM streaming_parked_key WHERE "group" = %s', [ADDING])}


def stopped_partitions(world):
    return world.rows("SELECT topic, partition FROM streaming_offset WHERE stopped_at IS NOT NULL")
