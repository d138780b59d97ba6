"""The three services of one folder, brought up and taken down together."""

import os
import subprocess
import time
from collections.abc import Mapping, Sequence
from contextlib import AbstractContextManager
from dataclasses import dataclass
from pathlib import Path

from openbanking.services import processes
from openbanking.services.addresses import Addresses, known_addresses
from openbanking.services.errors import ServicesUnavailable
from openbanking.services.kafka import Kafka
from openbanking.services.locks import exclusive
from openbanking.services.postgres import Postgres
from openbanking.services.service import Service
from openbanking.services.valkey import Valkey

KINDS: tuple[type[Service], ...] = (Postgres, Kafka, Valkey)
ATTEMPTS = 3
"""A killed PostgreSQL's children take a moment to notice; a free port may be taken before it is used."""
RESTART_PAUSE_S = 0.5
POLL_S = 0.05


@dataclass(frozen=True, slots=True, kw_only=True)
class ServiceStatus:
    """What a person wants to know about one service."""

    name: str
    state: str
    """``running``, ``not answering``, ``stopped``, or ``given`` in the environment."""
    address: str
    """Without password."""
    pid: int | None
    log_file: Path | None


class ServiceSet:
    """
    The services of a folder. Commands that use the same folder share one set.

    :param given: the environment: a service whose variable is set there is neither started nor stopped.
    :param only: the names of the services wanted, for a test that needs only some of them.
    """

    def __init__(
        self,
        folder: Path,
        *,
        given: Mapping[str, str] = os.environ,
        only: Sequence[str] = ("postgres", "kafka", "valkey"),
    ) -> None:
        self.folder = folder.resolve()
        self._given = given
        self.services: tuple[Service, ...] = tuple(
            kind(self.folder) for kind in KINDS if kind.name in only and not given.get(kind.variable)
        )
        """The embedded ones."""

    def up(self) -> Addresses:
        """
        Start what does not run, wait until all of it answers, and return the addresses.

        :raises ServicesUnavailable: if a service cannot run; what this call had started is stopped again.
        """
        with self._locked():
            pids = {service.name: service.pid for service in self.services}
            try:
                self._start([service for service in self.services if pids[service.name] is None])
            except BaseException:  # Also Ctrl-C: whatever the reason, leave nothing half-started.
                _stop([service for service in self.services if service.pid != pids[service.name]])
                raise
        return self.addresses()

    def down(self) -> None:
        """Stop the embedded services, whoever started them; their data stays."""
        with self._locked():
            _stop(self.services)

    def addresses(self) -> Addresses:
        """Return the addresses; one that is neither given nor was ever brought up is empty."""
        return known_addresses(self.folder, self._given)

    def status(self) -> list[ServiceStatus]:
        """Look at each service, the given ones included."""
        return [self._status(kind) for kind in KINDS]

    def service(self, name: str) -> Service:
        """Return one embedded service by its name."""
        return next(service for service in self.services if service.name == name)

    def _locked(self) -> AbstractContextManager[None]:
        self.folder.mkdir(parents=True, exist_ok=True)
        return exclusive(self.folder / "lock")

    def _start(self, idle: Sequence[Service]) -> None:
        """Start the idle ones side by side, then wait for all."""
        for service in idle:
            service.prepare()
        started = {service.name: _launch(service) for service in idle}
        for service in self.services:
            _wait_until_ready(service, started.get(service.name))
            service.settle()

    def _status(self, kind: type[Service]) -> ServiceStatus:
        if self._given.get(kind.variable):
            return ServiceStatus(name=kind.name, state="given", address=f"${kind.variable}", pid=None, log_file=None)
        service = kind(self.folder)
        pid = service.pid
        state = "stopped" if pid is None else "running" if service.is_ready() else "not answering"
        return ServiceStatus(name=kind.name, state=state, address=service.address, pid=pid, log_file=service.log_file)


def _launch(service: Service) -> "subprocess.Popen[bytes]":
    return processes.start(service.command, env=service.env, cwd=service.cwd, log_file=service.log_file)


def _wait_until_ready(service: Service, process: "subprocess.Popen[bytes] | None") -> None:
    """
    Wait until the service answers; start it (again) if it ends before that.

    :param process: what was just started, or ``None`` if the service was found running; even then it may be dying.
    :raises ServicesUnavailable: if it does not answer in time, or ended too often.
    """
    deadline = time.monotonic() + service.start_timeout_s
    starts = 0 if process is None else 1
    while not service.is_ready():
        if service.pid is None:
            if process is not None and starts == ATTEMPTS:
                raise _failure(service, f"ended with status {process.wait()}")
            time.sleep(RESTART_PAUSE_S)
            service.prepare()
            process = _launch(service)
            starts += 1
        if time.monotonic() > deadline:
            raise _failure(service, f"did not answer within {service.start_timeout_s:.0f} s")
        time.sleep(POLL_S)


def _failure(service: Service, what: str) -> ServicesUnavailable:
    log = processes.last_lines(service.log_file)
    return ServicesUnavailable(f"{service.name} {what}. The end of {service.log_file}:\n{log}")


def _stop(services: Sequence[Service]) -> None:
    running = [(process, service.stop_signal) for service in services if (process := processes.find(service.mark))]
    processes.stop(running, timeout_s=20)
