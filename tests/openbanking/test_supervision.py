"""The demo's processes end with it, whatever became of their supervisor."""

import sys
from contextlib import suppress
from pathlib import Path

import psutil
import pytest

from openbanking.demo.supervision import supervised
from tests.support.waiting import wait_for


@pytest.fixture
def root(tmp_path: Path) -> Path:
    """A project of one process, which tells its number and stays."""
    tells = "import os, time; open('pid', 'w').write(str(os.getpid())); time.sleep(600)"
    (tmp_path / "Procfile").write_text(f'sleeper: {sys.executable} -c "{tells}"\n')
    return tmp_path


@pytest.mark.parametrize("is_killed", [False, True])
def test_processes_end_with_the_demo_even_if_their_supervisor_was_killed(root: Path, is_killed: bool) -> None:
    with supervised(root=root, folder=root, environment={}):
        sleeper = wait_for(lambda: _process(root / "pid"))
        if is_killed:
            supervisor = psutil.Process(int((root / "supervisord.pid").read_text()))
            supervisor.kill()
            supervisor.wait()

    assert sleeper
    assert not sleeper.is_running()


def test_a_supervisor_that_is_killed_is_replaced_with_all_its_processes(root: Path) -> None:
    with supervised(root=root, folder=root, environment={}):
        first = wait_for(lambda: _process(root / "pid"))
        assert first
        psutil.Process(int((root / "supervisord.pid").read_text())).kill()

        wait_for(lambda: (again := _process(root / "pid")) and again != first)
        assert not first.is_running()


def _process(file: Path) -> psutil.Process | None:
    said = file.read_text() if file.exists() else ""
    with suppress(psutil.NoSuchProcess):
        return psutil.Process(int(said)) if said else None
    return None
