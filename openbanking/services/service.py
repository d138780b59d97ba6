"""What the three services have in common, for ``ServiceSet`` and for a supervisor that runs them as its children."""

import os
import signal
from abc import ABC, abstractmethod
from pathlib import Path
from typing import ClassVar

from openbanking.services import processes


class Service(ABC):
    """
    One embedded service in a folder.

    To run it: ``prepare()``, start ``command`` with ``env`` in ``cwd``, wait for ``is_ready()``, then ``settle()``.
    Each step may be repeated at will.
    """

    name: ClassVar[str]
    variable: ClassVar[str]
    """The environment variable that names a service of one's own in place of this one."""
    start_timeout_s: ClassVar[float]
    stop_signal: ClassVar[signal.Signals] = signal.SIGTERM

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        """The folder of the whole set."""
        self.home = folder / self.name
        """What only this service uses."""
        self.log_file = folder / "logs" / f"{self.name}.log"

    @abstractmethod
    def prepare(self) -> None:
        """
        Make ready to start: choose free ports, write the configuration, create the data directory.

        Only for a service that does not run.

        :raises ServicesUnavailable: if something that it needs cannot be had.
        """

    @property
    @abstractmethod
    def command(self) -> list[str]:
        """The program and its arguments; it stays in the foreground, and its log goes to standard output."""

    @property
    @abstractmethod
    def mark(self) -> str:
        """The argument of the command that no other process has."""

    @property
    @abstractmethod
    def address(self) -> str:
        """Where clients reach it, without password; empty before the first ``prepare()``."""

    @abstractmethod
    def is_ready(self) -> bool:
        """Tell whether it answers a client."""

    def settle(self) -> None:  # noqa: B027 - most services need nothing more.
        """Create what the platform expects to find in a service that has just become ready."""

    @property
    def cwd(self) -> Path:
        """The working directory of the process."""
        return self.home

    @property
    def env(self) -> dict[str, str]:
        """The environment of the process: no more than a program needs, so that it inherits no secrets."""
        kept = {name: os.environ[name] for name in ("PATH", "HOME", "TMPDIR") if name in os.environ}
        return kept | {"LC_ALL": "C", "TZ": "UTC"}

    @property
    def pid(self) -> int | None:
        """The running process, whoever started it."""
        process = processes.find(self.mark)
        return None if process is None else process.pid
