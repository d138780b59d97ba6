"""The web server as the Procfile starts it."""

import os
import signal
import subprocess
import sys
from collections.abc import Iterator
from contextlib import suppress
from pathlib import Path

import psutil
import pytest

from openbanking.services.ports import is_listening, keep_or_choose
from tests.support.platform import ROOT
from tests.support.waiting import wait_for, wait_until


@pytest.fixture
def server() -> Iterator[psutil.Popen]:
    """A server with two workers, which have loaded the application."""
    port = keep_or_choose(None)
    (line,) = [line for line in (ROOT / "Procfile").read_text().splitlines() if line.startswith("web:")]
    command = line.removeprefix("web:").replace("$PORT", str(port)).replace("$WEB_WORKERS", "2").split()
    command[0] = str(Path(sys.executable).with_name(command[0]))
    server = psutil.Popen(command, cwd=ROOT, env=os.environ, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
    try:
        wait_until(lambda: is_listening(port), "the server does not listen")
        yield server
    finally:
        with suppress(psutil.NoSuchProcess):
            for process in (*server.children(recursive=True), server):
                process.kill()
        server.wait()


def test_workers_end_when_their_server_is_killed_so_that_none_answers_beside_the_next_one(server: psutil.Popen) -> None:
    workers = wait_for(lambda: found if len(found := _workers(server)) == 2 else None)
    assert workers
    wait_until(lambda: all(_has_loaded(worker) for worker in workers), "the workers do not load the application")

    server.send_signal(signal.SIGKILL)
    server.wait()

    psutil.wait_procs(workers, timeout=20)
    assert not [worker for worker in workers if worker.is_running()]


def _workers(server: psutil.Popen) -> list[psutil.Process]:
    return [child for child in server.children() if "resource_tracker" not in " ".join(child.cmdline())]


def _has_loaded(worker: psutil.Process) -> bool:
    """Threads that answer are there once the application is."""
    return worker.num_threads() > 1
