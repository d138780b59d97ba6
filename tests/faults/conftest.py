"""Worlds to be hurt, and the command that repeats a failure."""

import os
import random
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from openbanking.services.service_set import ServiceSet
from tests.faults.world import World, prepare_template, running_world
from tests.support.services import private_set

IS_WHOLE = os.environ.get("FAULTS") == "all"
"""Whether all tests run (``make faults``), or only those with the mark ``faults`` (``make test``)."""
HERE = Path(__file__).parent
LONGEST_TEST_S = 600
USUAL_SEED = 1


def _seed() -> int:
    given = os.environ.get("SEED")
    return int(given) if given else random.SystemRandom().randrange(1, 10_000) if IS_WHOLE else USUAL_SEED


SEED = _seed()


def pytest_collection_modifyitems(config: pytest.Config, items: list[pytest.Item]) -> None:
    """Keep what was asked for, in one process: services that are killed serve one test at a time."""
    ours = [item for item in items if HERE in item.path.parents]
    for item in ours:
        item.add_marker(pytest.mark.xdist_group("faults"))
        if item.get_closest_marker("timeout") is None:
            item.add_marker(pytest.mark.timeout(LONGEST_TEST_S))
    if not IS_WHOLE:
        left_out = {item for item in ours if item.get_closest_marker("faults") is None}
        config.hook.pytest_deselected(items=list(left_out))
        items[:] = [item for item in items if item not in left_out]


@pytest.hookimpl(wrapper=True)
def pytest_runtest_makereport(item: pytest.Item, call: pytest.CallInfo[None]) -> Any:
    """Show with a failure what the processes said, and how to see it again."""
    report: pytest.TestReport = yield
    if report.failed and HERE in item.path.parents:
        world = getattr(item, "funcargs", {}).get("world")
        if isinstance(world, World):
            report.sections.append(("the processes' last words", world.logs()))
        name = item.name.partition("[")[0]
        report.sections.append(("to repeat it", f"make faults SEED={SEED} ARGS='-k {name}'"))
    return report


@pytest.fixture
def seed() -> int:
    """What chance is made of in this run."""
    return SEED


@pytest.fixture
def chance(request: pytest.FixtureRequest) -> random.Random:
    """Chance that repeats itself, for each test another one."""
    return random.Random(f"{SEED} {request.node.name}")


@pytest.fixture(scope="session")
def ground(tmp_path_factory: pytest.TempPathFactory) -> Iterator[ServiceSet]:
    """The services that worlds stand on, with the database that theirs are copies of."""
    with private_set(tmp_path_factory.mktemp("ground")) as services:
        prepare_template(services)
        yield services


@pytest.fixture
def world(ground: ServiceSet, tmp_path: Path) -> Iterator[World]:
    """A world of its own on common services, which are all there at the beginning, whatever an earlier test did."""
    ground.up()
    with running_world(tmp_path, ground) as world:
        yield world
