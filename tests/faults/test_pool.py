"""PgBouncer in transaction mode between the platform and its database."""

import os
import shutil
import subprocess
from collections.abc import Iterator
from pathlib import Path
from urllib.parse import urlsplit

import psycopg
import pytest

from openbanking.services.ports import keep_or_choose
from openbanking.services.service_set import ServiceSet
from openbanking.services.unprivileged import as_stand_in, give
from tests.faults.clusters import through
from tests.faults.oracle import judge
from tests.faults.timing import pause, wait_until
from tests.faults.world import World, running_world

SESSIONS = 12
"""Far fewer than the platform's connections: they take turns, transaction by transaction."""
KNOWS_PREPARED_STATEMENTS = (1, 21)


@pytest.fixture
def pool_port(ground: ServiceSet, tmp_path: Path) -> Iterator[int]:
    """A pool in front of the common server, if the program is there."""
    program = shutil.which("pgbouncer")
    if program is None or _version(program) < KNOWS_PREPARED_STATEMENTS:
        pytest.skip("there is no pgbouncer 1.21 or later on the path")
    ground.up()
    folder = tmp_path / "pool"
    folder.mkdir()
    address = urlsplit(ground.addresses().database_url)
    port = keep_or_choose(None)
    (folder / "users").write_text(f'"{address.username}" "{address.password}"\n')
    (folder / "pool.ini").write_text(
        f"[databases]\n* = host=127.0.0.1 port={address.port}\n"
        f"[pgbouncer]\nlisten_addr=127.0.0.1\nlisten_port={port}\nunix_socket_dir=\nauth_type=scram-sha-256\n"
        f"auth_file={folder / 'users'}\npool_mode=transaction\ndefault_pool_size={SESSIONS}\nmax_client_conn=500\n"
        "ignore_startup_parameters=extra_float_digits,options\nmax_prepared_statements=200\n"
    )
    give(folder)
    command = as_stand_in([program, "-q", str(folder / "pool.ini")], reaching=[Path(program), folder])
    with (tmp_path / "pool.log").open("ab") as log:
        process = subprocess.Popen(command, stdout=log, stderr=log, cwd=folder, env={**os.environ})
    try:
        wait_until(lambda: _answers(through(ground.addresses().database_url, port)), "the pool does not answer")
        yield port
    finally:
        process.kill()
        process.wait()


@pytest.fixture
def world(ground: ServiceSet, pool_port: int, tmp_path: Path) -> Iterator[World]:
    """A world that reaches its database through the pool."""
    elsewhere = {"database_url": through(ground.addresses().database_url, pool_port)}
    folder = tmp_path / "world"
    folder.mkdir()
    with running_world(folder, ground, elsewhere=elsewhere) as world:
        yield world


def test_nothing_is_lost_reordered_or_applied_twice_through_a_pool_that_hands_sessions_round(world, seed):
    world.start_consumers()
    world.start_relay("relay")
    world.start_relay("other relay")
    world.start_writer(seed=seed)
    pause(4)
    world.kill(world.leader() or "relay")
    pause(2)
    world.end("writer")

    assert judge(world) > 0


def _version(program: str) -> tuple[int, ...]:
    told = subprocess.run([program, "--version"], capture_output=True, text=True, check=True).stdout.split()[1]
    return tuple(map(int, told.split(".")))


def _answers(url: str) -> bool:
    try:
        with psycopg.connect(url, connect_timeout=3) as session:
            return session.execute("SELECT 1").fetchone() == (1,)
    except psycopg.OperationalError:
        return False
