"""The relay as Celery runs it: neither beats nor brokers nor workers can make it lose or repeat an effect."""

import redis

from tests.faults.oracle import judge
from tests.faults.timing import WITHIN_S, pause, wait_until


def test_two_beats_a_flushed_broker_and_a_killed_worker_lose_and_repeat_nothing(world, seed):
    start_all(world, seed)
    pause(1)
    flush_valkey(world)
    leader = world.leader() or "worker"
    world.kill(leader)  # both of its runners, perhaps.
    wait_until(lambda: world.leader() is not None, "nobody took over")
    start_worker(world, leader)
    world.end("writer")

    assert judge(world) > 0


def test_valkey_restarted_under_load_loses_and_repeats_nothing(world, seed, chance):
    start_all(world, seed)
    for _ in range(3):
        pause(1 + chance.random())
        world.kill_service("valkey")
        pause(3 * chance.random())
        world.bring_up()
        flush_valkey(world)
    wait_until(lambda: world.leader() is not None, "no relay came back")
    world.end("writer")

    assert judge(world) > 0


def test_workers_killed_again_and_again_lose_and_repeat_nothing(world, seed, chance):
    start_all(world, seed)
    for _ in range(8):
        pause(1 + 2 * chance.random())
        victim = chance.choice(["worker", "other worker"])
        world.kill(victim)
        start_worker(world, victim)
    world.end("writer")

    assert judge(world) > 0


def test_a_worker_that_is_asked_to_end_in_the_middle_of_a_backlog_hands_it_over_whole(world, seed):
    world.write(seed=seed, seconds=6, rate=4000, changes=40, kind=True)
    world.start_consumers()
    start_worker(world, "worker")
    start_worker(world, "other worker")
    start_beat(world, "beat")
    for _ in range(3):
        wait_until(lambda: world.leader() is not None, "nobody leads", within_s=240)
        leader = world.leader()
        world.end(leader)
        start_worker(world, leader)

    assert judge(world) > 0


def test_a_task_that_is_delivered_again_and_again_starts_no_third_runner(world, seed):
    start_all(world, seed)
    wait_until(world.has_standby, "there are not two runners")
    epoch = world.value("SELECT epoch FROM streaming_relay")
    for _ in range(20):
        world.start("sender", "-c", SEND_TASKS)
        world.processes.pop("sender").wait(WITHIN_S)
        if world.value("SELECT epoch FROM streaming_relay") != epoch:
            break
    world.end("writer")

    assert world.value("SELECT epoch FROM streaming_relay") == epoch, "the lease changed hands"
    assert judge(world) > 0


SEND_TASKS = """
from tests.faults.celery_app import app
for _ in range(25):
    app.send_task("streaming.tasks.relay", kwargs={"name": "relay:0-63"}, queue="relay")
"""


def start_all(world, seed):
    """Start two workers for the relay's queue, one for the rest, and one beat more than there should be."""
    world.start_consumers()
    for name in ("worker", "other worker"):
        start_worker(world, name)
    for name in ("beat", "other beat"):
        start_beat(world, name)
    world.start_writer(seed=seed)
    wait_until(lambda: world.leader() is not None, "nobody leads", within_s=240)


def start_worker(world, name):
    arguments = (
        "worker --queues relay,default --pool threads --concurrency 4 --without-gossip --without-mingle --loglevel INFO"
    )
    hostname = f"{name.replace(' ', '-')}@%h"
    world.start(name, "-m", "celery", "--app", "tests.faults.celery_app", *arguments.split(), "--hostname", hostname)


def start_beat(world, name):
    schedule = world.folder / f"{name}.schedule"
    world.start(name, "-m", "celery", "--app", "tests.faults.celery_app", "beat", "--schedule", str(schedule))


def flush_valkey(world):
    with redis.Redis.from_url(world.environment["VALKEY_URL"]) as client:
        client.flushall()
