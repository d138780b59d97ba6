"""A simulated core of its own for each test."""

import shutil
import sqlite3
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from django.conf import settings as django_settings

from bankcore.simulator import database
from bankcore.simulator.agents.households import Household, household
from tests.support.builders.bankcore import SEED, a_core


@pytest.fixture(scope="session")
def core_template(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A core with the scenario households, made once; nobody changes it."""
    file = tmp_path_factory.mktemp("core") / "template.sqlite3"
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(django_settings, "SIMULATOR_FILE", file)
        a_core(file, keys=("psu.happy", "psu.declines", "psu.joint", "psu.closed_account"))
        connection = database.open_core()
        connection.execute("PRAGMA wal_checkpoint(TRUNCATE)")
        connection.close()
    return file


@pytest.fixture
def empty_core_file(tmp_path: Path, settings: Any) -> Path:
    """Where the test's own core will lie."""
    settings.SIMULATOR_FILE = tmp_path / "core.sqlite3"
    return tmp_path / "core.sqlite3"


@pytest.fixture
def core_file(empty_core_file: Path, core_template: Path) -> Path:
    """The test's own core, with the scenario households."""
    shutil.copy(core_template, empty_core_file)
    return empty_core_file


@pytest.fixture
def core(core_file: Path) -> Iterator[sqlite3.Connection]:
    """A connection to the test's own core."""
    connection = database.open_core()
    yield connection
    connection.close()


@pytest.fixture
def happy() -> Household:
    """The household of ``psu.happy``."""
    return household(SEED, "psu.happy")
