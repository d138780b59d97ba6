"""Keep the Procfile's processes and the embedded services alive, and end all of them together."""

import contextlib
import os
import shlex
import subprocess
import sys
import threading
from collections.abc import Callable, Iterator, Mapping
from pathlib import Path

import psutil

from openbanking.parent import end_with_parent
from openbanking.services.errors import ServicesUnavailable
from openbanking.services.service_set import ServiceSet

STOP_TIMEOUT_S = 10
CHECK_S = 0.5
MARK = "MILLRACE_SUPERVISED_IN"
"""In the environment of each supervised process: the folder, by which it is found whoever its parent is by now."""

_PROGRAM = """
[program:{name}]
command=/bin/sh -c {command}
directory={root}
stdout_logfile={log}
redirect_stderr=true
stdout_logfile_maxbytes=20MB
stdout_logfile_backups=1
autorestart=true
startretries=1000000
stopasgroup=true
killasgroup=true
stopwaitsecs=5
"""


@contextlib.contextmanager
def supervised(*, root: Path, folder: Path, environment: Mapping[str, str]) -> Iterator[None]:
    """
    Run every process of the Procfile for the body of a ``with``; whatever dies is started again.

    Their logs are ``<folder>/logs/<process>.log``. Afterwards, or when this process dies, all of them end.
    """
    configuration = folder / "supervisord.conf"
    configuration.write_text(_configuration(root=root, folder=folder))

    def start() -> "subprocess.Popen[bytes]":
        return subprocess.Popen(
            [sys.executable, "-m", "supervisor.supervisord", "--nodaemon", "--configuration", str(configuration)],
            env=os.environ | environment | {MARK: str(folder)},
            cwd=root,
            stdin=subprocess.DEVNULL,
            stdout=subprocess.DEVNULL,
            stderr=subprocess.DEVNULL,
            start_new_session=True,  # Ctrl-C reaches this process only, which then ends the others in order.
            preexec_fn=end_with_parent,  # noqa: PLW1509 - one system call, which takes no lock.
        )

    with _in_background(lambda ended: _keep_supervisor(start, folder, ended)):
        yield


@contextlib.contextmanager
def watched(services: ServiceSet) -> Iterator[None]:
    """Bring an embedded service up again whenever it has died, for the body of a ``with``; then take all down."""
    try:
        with _in_background(lambda ended: _keep_services(services, ended)):
            yield
    finally:
        services.down()


@contextlib.contextmanager
def _in_background(work: Callable[[threading.Event], None]) -> Iterator[None]:
    ended = threading.Event()
    thread = threading.Thread(target=work, args=(ended,))
    thread.start()
    try:
        yield
    finally:
        ended.set()
        thread.join()


def _keep_supervisor(start: "Callable[[], subprocess.Popen[bytes]]", folder: Path, ended: threading.Event) -> None:
    """Replace a supervisor that was killed, and the processes that it left."""
    supervisor = start()
    while not ended.wait(CHECK_S):
        if supervisor.poll() is not None:
            _end(supervisor, folder)
            supervisor = start()
    _end(supervisor, folder)


def _end(supervisor: "subprocess.Popen[bytes]", folder: Path) -> None:
    """End the supervisor, which ends its processes, or what a killed one left; what stays after a while is killed."""
    processes = list(_supervised_in(folder))
    if supervisor.poll() is None:
        supervisor.terminate()
    else:
        for process in processes:
            with contextlib.suppress(psutil.NoSuchProcess):
                process.terminate()
    _, alive = psutil.wait_procs(processes, STOP_TIMEOUT_S)
    for process in alive:
        with contextlib.suppress(psutil.NoSuchProcess):
            process.kill()
    supervisor.wait()


def _supervised_in(folder: Path) -> Iterator[psutil.Process]:
    for process in psutil.process_iter():
        with contextlib.suppress(psutil.Error):
            if process.environ().get(MARK) == str(folder):
                yield process


def _keep_services(services: ServiceSet, ended: threading.Event) -> None:
    while not ended.wait(CHECK_S):
        if all(service.pid is not None for service in services.services):
            continue
        try:
            services.up()
        except ServicesUnavailable as error:
            sys.stderr.write(f"{error}\n")


def _configuration(*, root: Path, folder: Path) -> str:
    logs = folder / "logs"
    logs.mkdir(parents=True, exist_ok=True)
    head = (
        f"[supervisord]\nlogfile={logs / 'supervisor.log'}\npidfile={folder / 'supervisord.pid'}\nloglevel=info\n"
        f"childlogdir={logs}\n"
    )
    programs = [
        _PROGRAM.format(
            name=name, command=shlex.quote(f"exec {command}").replace("%", "%%"), root=root, log=logs / f"{name}.log"
        )
        for name, command in _procfile(root)
    ]
    return head + "".join(programs)


def _procfile(root: Path) -> Iterator[tuple[str, str]]:
    for line in (root / "Procfile").read_text().splitlines():
        name, _, command = line.partition(":")
        if command:
            yield name.strip(), command.strip()
