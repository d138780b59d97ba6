"""The database's disk is full: a deed fails whole, nothing is half there, and all goes on once there is room."""

import os
import shutil
import subprocess
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import psycopg
import pytest

from openbanking.services.addresses import known_addresses
from openbanking.services.service_set import ServiceSet
from openbanking.services.unprivileged import give
from tests.faults.clusters import Cluster, ending
from tests.faults.oracle import judge
from tests.faults.timing import pause, wait_until
from tests.faults.world import World, running_world

ROOM_MB = 160
"""Beside what the cluster takes that is copied: for a log of writes, and for a while of writing."""


@dataclass(frozen=True, kw_only=True)
class Disk:
    """A small disk that can be filled to the last block."""

    folder: Path

    def fill(self) -> None:
        """Take all that is free."""
        with (self.folder / "ballast").open("ab") as ballast:
            while free := shutil.disk_usage(self.folder).free:
                os.posix_fallocate(ballast.fileno(), ballast.tell(), min(free, 1 << 20))
                ballast.seek(0, os.SEEK_END)

    def free(self) -> None:
        """Give it back."""
        (self.folder / "ballast").unlink()


@pytest.fixture
def disk(ground: ServiceSet, tmp_path: Path) -> Iterator[Disk]:
    """A file system in memory, if this user may mount one."""
    ground.up()
    folder = tmp_path / "disk"
    folder.mkdir()
    with psycopg.connect(Cluster(ground.folder).admin_url) as admin:
        (size,) = admin.execute("SELECT sum(pg_database_size(oid))::bigint FROM pg_database").fetchone() or (0,)
    mount = ["mount", "-t", "tmpfs", "-o", f"size={size + (ROOM_MB << 20)}", "tmpfs", str(folder)]
    if not shutil.which("mount") or subprocess.run(mount, capture_output=True, check=False).returncode != 0:
        pytest.skip("this user may not mount a small file system")
    try:
        yield Disk(folder=folder)
    finally:
        subprocess.run(["umount", "--lazy", str(folder)], check=True)


@pytest.fixture
def cluster(ground: ServiceSet, disk: Disk) -> Iterator[Cluster]:
    """A server all of whose files are on the small disk."""
    give(disk.folder)
    cluster = Cluster(ground.folder).copy_to(disk.folder / "set")
    with ending(cluster):
        cluster.start()
        cluster.set(max_wal_size="48MB", min_wal_size="32MB")
        yield cluster


@pytest.fixture
def world(ground: ServiceSet, cluster: Cluster, tmp_path: Path) -> Iterator[World]:
    """A world on that server and the common broker."""
    known = known_addresses(cluster.folder, {})
    elsewhere = {
        "database_url": known.database_url,
        "database_owner_url": known.database_owner_url,
        "database_admin_url": known.database_admin_url,
    }
    folder = tmp_path / "world"
    folder.mkdir()
    with running_world(folder, ground, elsewhere=elsewhere) as world:
        yield world


def test_nothing_is_half_done_or_lost_while_the_disk_is_full_and_all_resumes_when_there_is_room(
    world, cluster, disk, seed
):
    world.start_consumers()
    world.start_relay()
    world.start_writer(seed=seed, rate=2000, changes=20)
    pause(2)
    disk.fill()
    wait_until(lambda: is_stuck(world), "writers go on although there is no room")
    pause(3)
    disk.free()
    if cluster.service.pid is None:  # no room for the write-ahead log: the server ends rather than lose anything.
        cluster.start()
    before = len(world.account().done)
    wait_until(lambda: len(world.account().done) > before, "writers do not resume")
    world.end("writer")

    assert judge(world) > 0


def is_stuck(world):
    """Say whether nothing was committed for a while."""
    before = len(world.account().done)
    pause(1)
    return len(world.account().done) == before
