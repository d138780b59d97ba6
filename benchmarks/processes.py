"""The product's own processes, as the Procfile starts them, for as long as a load needs them."""

import os
import signal
import subprocess
import sys
from collections.abc import Iterator, Sequence
from contextlib import ExitStack, contextmanager

from benchmarks.surroundings import ROOT, Bench

STOP_WITHIN_S = 15


@contextmanager
def running(bench: Bench, *names: str) -> Iterator[None]:
    """Run processes of the Procfile by their names there; each counts as a part of its own."""
    commands = dict(_procfile())
    with ExitStack() as stack:
        for name in names:
            stack.enter_context(started(bench, name, ["/bin/sh", "-c", f"exec {commands[name]}"]))
        yield


@contextmanager
def managing(bench: Bench, *arguments: str) -> Iterator[None]:
    """Run one long-running command of ``manage.py``."""
    with started(bench, arguments[0], [sys.executable, "manage.py", *arguments]):
        yield


@contextmanager
def started(bench: Bench, name: str, command: Sequence[str]) -> Iterator[None]:
    """Run a command in a session of its own, its output in ``<folder>/logs``; afterwards it is asked to end."""
    log = bench.folder / "logs" / f"{name}.log"
    log.parent.mkdir(parents=True, exist_ok=True)
    with log.open("ab") as output:
        process = subprocess.Popen(
            list(command),
            cwd=ROOT,
            stdin=subprocess.DEVNULL,
            stdout=output,
            stderr=subprocess.STDOUT,
            start_new_session=True,
        )
    bench.parts.name(process.pid, name)
    try:
        yield
    finally:
        _end(process)
        bench.parts.forget(process.pid)


def manage(*arguments: str) -> None:
    """
    Run a command of ``manage.py`` to its end.

    :raises CalledProcessError: if it fails; what it says of that is on standard error.
    """
    subprocess.run([sys.executable, "manage.py", *arguments], cwd=ROOT, check=True, stdout=subprocess.DEVNULL)


def _end(process: "subprocess.Popen[bytes]") -> None:
    """Ask the process to end; kill it, and whatever it started, if it does not."""
    process.terminate()
    try:
        process.wait(STOP_WITHIN_S)
    except subprocess.TimeoutExpired:
        os.killpg(process.pid, signal.SIGKILL)
        process.wait()


def _procfile() -> Iterator[tuple[str, str]]:
    for line in (ROOT / "Procfile").read_text().splitlines():
        name, _, command = line.partition(":")
        if command:
            yield name.strip(), command.strip()
