"""
A process that has imported the platform once, and forks others that begin at once: tests kill them by the dozen.

It reads requests from its standard input, a JSON object a line, and ends with all of its children when that is closed,
so that none outlives the tests. Each child's end is told in a file.
"""

import json
import os
import select
import signal
import subprocess
import sys
import time
import traceback
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

ROOT = Path(__file__).resolve().parents[2]
POLL_S = 0.02


class Child:
    """A forked process; as much of :class:`subprocess.Popen` as tests need."""

    def __init__(self, pid: int, folder: Path) -> None:
        self.pid = pid
        self._told = folder / f"{pid}.status"
        self.returncode: int | None = None

    def poll(self) -> int | None:
        """Return the status with which it ended, the signal's number below zero, or nothing while it runs."""
        if self.returncode is None and self._told.exists():
            self.returncode = int(self._told.read_text())
        return self.returncode

    def wait(self, timeout: float | None = None) -> int:
        """Wait for its end. Raises ``TimeoutExpired`` as its model does."""
        until = time.monotonic() + (timeout or float("inf"))
        while (status := self.poll()) is None:
            if time.monotonic() > until:
                raise subprocess.TimeoutExpired(str(self.pid), timeout or 0)
            time.sleep(POLL_S)
        return status

    def send_signal(self, number: int) -> None:
        """Send it a signal, unless it has ended."""
        if self.poll() is None:
            os.kill(self.pid, number)


class Nursery:
    """The forking process, as its user sees it."""

    def __init__(self, folder: Path, environment: Mapping[str, str]) -> None:
        self._folder = folder
        with (folder / "nursery.log").open("ab") as log:
            self._process = subprocess.Popen(
                [sys.executable, "-m", "tests.faults.nursery", str(folder)],
                cwd=ROOT,
                env={**os.environ, **environment},
                stdin=subprocess.PIPE,
                stdout=subprocess.PIPE,
                stderr=log,
            )

    def fork(self, module: str, arguments: Sequence[str], log: Path, environment: Mapping[str, str]) -> Child:
        """Run ``main`` of a module that the nursery knows, with these arguments."""
        request = {"module": module, "arguments": arguments, "log": str(log), "environment": dict(environment)}
        assert self._process.stdin is not None
        assert self._process.stdout is not None
        self._process.stdin.write(json.dumps(request).encode() + b"\n")
        self._process.stdin.flush()
        answer = self._process.stdout.readline()
        assert answer, f"the nursery ended: {(self._folder / 'nursery.log').read_text()}"
        return Child(int(answer), self._folder)

    def close(self) -> None:
        """End it and all its children."""
        assert self._process.stdin is not None
        self._process.stdin.close()
        self._process.wait()
        assert self._process.stdout is not None
        self._process.stdout.close()


def main() -> None:
    """Serve until the standard input is closed."""
    folder = Path(sys.argv[1])
    modules = _import_all()
    children: set[int] = set()
    requests = b""
    while True:
        _tell_ends(folder, children)
        if not select.select([0], [], [], POLL_S)[0]:
            continue
        received = os.read(0, 65536)
        if not received:
            break
        requests += received
        while b"\n" in requests:
            line, _, requests = requests.partition(b"\n")
            pid = _fork(modules, json.loads(line))
            children.add(pid)
            os.write(1, f"{pid}\n".encode())
    for pid in children:
        os.kill(pid, signal.SIGKILL)
        os.waitpid(pid, 0)


def _import_all() -> Mapping[str, Any]:
    from tests.faults import process, writer

    process.load_all()
    return {"process": process, "writer": writer}


def _tell_ends(folder: Path, children: set[int]) -> None:
    for pid in list(children):
        ended, status = os.waitpid(pid, os.WNOHANG)
        if ended:
            children.discard(pid)
            draft = folder / f"{pid}.draft"
            draft.write_text(str(os.waitstatus_to_exitcode(status)))
            draft.replace(folder / f"{pid}.status")


def _fork(modules: Mapping[str, Any], request: Mapping[str, Any]) -> int:
    pid = os.fork()
    if pid:
        return pid
    status = 1
    try:
        log = os.open(request["log"], os.O_WRONLY | os.O_CREAT | os.O_APPEND, 0o600)
        nothing = os.open(os.devnull, os.O_RDONLY)
        for source, target in ((nothing, 0), (log, 1), (log, 2)):
            os.dup2(source, target)
        os.environ.update(request["environment"])
        sys.argv = [request["module"], *request["arguments"]]
        modules[request["module"]].main()
        status = 0
    except SystemExit as end:
        status = end.code if isinstance(end.code, int) else int(end.code is not None)
        if isinstance(end.code, str):
            sys.stderr.write(end.code)
    except BaseException:  # whatever it was: the log must say so, and this copy of the nursery must end here.
        traceback.print_exc()
    finally:
        sys.stdout.flush()
        sys.stderr.flush()
        os._exit(status)


if __name__ == "__main__":
    main()
