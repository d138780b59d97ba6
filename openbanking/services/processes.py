"""Start, find and stop the services' processes. They are found by their command line: no pid file can be stale."""

import signal
import subprocess
import time
from collections.abc import Callable, Iterable
from pathlib import Path

import psutil

LOOK_EVERY_S = 0.05
KEPT_LOG_BYTES = 10 * 1024 * 1024
"""A log larger than this is set aside when its service starts; one older log is kept."""


def start(command: list[str], *, env: dict[str, str], cwd: Path, log_file: Path) -> "subprocess.Popen[bytes]":
    """Start a process that outlives this one and writes to a log file."""
    log_file.parent.mkdir(parents=True, exist_ok=True)
    if log_file.exists() and log_file.stat().st_size > KEPT_LOG_BYTES:
        log_file.replace(log_file.with_suffix(".log.1"))
    with log_file.open("ab") as log:
        return _Detached(
            command,
            env=env,
            cwd=cwd,
            stdin=subprocess.DEVNULL,
            stdout=log,
            stderr=subprocess.STDOUT,
            start_new_session=True,  # Ctrl-C in the terminal is for the command, not for the service.
        )


def find(argument: str) -> psutil.Process | None:
    """Find the process that was given this argument, a path that no other process is given."""
    return _first(lambda process: argument in process.cmdline())


def await_end_of_all_in(folder: Path, *, timeout_s: float) -> None:
    """Wait until no process works in a folder any more, or the time is over."""
    until = time.monotonic() + timeout_s
    while _first(lambda process: process.cwd() == str(folder)) and time.monotonic() < until:
        time.sleep(LOOK_EVERY_S)


def exists(pid: int) -> bool:
    """Tell whether any process has this pid."""
    return bool(psutil.pid_exists(pid))


def stop(processes: Iterable[tuple[psutil.Process, signal.Signals]], *, timeout_s: float) -> None:
    """Ask each process to end, all at once; kill what has not ended in time."""
    asked = []
    for process, how in processes:
        _signal(process, how)
        asked.append(process)
    _, stubborn = psutil.wait_procs(asked, timeout=timeout_s)
    for process in stubborn:
        _signal(process, signal.SIGKILL)
    psutil.wait_procs(stubborn, timeout=timeout_s)


def last_lines(log_file: Path, count: int = 15) -> str:
    """Return the end of a log, to be shown with an error."""
    try:
        return "\n".join(log_file.read_text(errors="replace").splitlines()[-count:])
    except FileNotFoundError:
        return "(no log)"


class _Detached(subprocess.Popen[bytes]):
    """A process meant to outlive its parent, so forgetting it is no reason for a warning."""

    def __del__(self) -> None:
        pass


def _first(is_meant: Callable[[psutil.Process], bool]) -> psutil.Process | None:
    for process in psutil.process_iter():
        try:
            if is_meant(process):
                return process
        except psutil.Error:  # It ended meanwhile, or belongs to somebody else.
            continue
    return None


def _signal(process: psutil.Process, how: signal.Signals) -> None:
    try:
        process.send_signal(how)
    except psutil.NoSuchProcess:
        return
