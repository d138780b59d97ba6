"""The whole platform as processes of its own, for journeys: what ``make demo`` runs, beside the tests' services."""

import os
import subprocess
import sys
from collections.abc import Iterator, Mapping, Sequence
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass, replace
from pathlib import Path
from signal import SIGKILL

import psutil
from django.test import override_settings

from bankcore import simulator
from openbanking.demo.details import Details
from openbanking.demo.preparation import wait_until_serving
from openbanking.demo.supervision import supervised, watched
from openbanking.services.addresses import Addresses
from openbanking.services.service_set import ServiceSet
from portal.obctl.client import ThirdPartyClient
from portal.obctl.customer import Customer

ROOT = Path(__file__).resolve().parents[2]


@dataclass(frozen=True, kw_only=True)
class Platform:
    """A running platform; ``environment`` is what its processes were given."""

    base_url: str
    folder: Path
    environment: Mapping[str, str]
    services: ServiceSet
    customers: Mapping[str, str]
    """Passwords by user name."""

    def customer(self, username: str, **answers: object) -> Customer:
        """Return a customer who can sign in."""
        return Customer(username=username, password=self.customers[username], **answers)  # type: ignore[arg-type]  # keywords of Customer.

    def register(self, name: str = "Meadow Money") -> ThirdPartyClient:
        """Register a new third party."""
        return ThirdPartyClient.register(
            base_url=self.base_url, name=name, redirect_uri="http://127.0.0.1:3000/callback"
        )

    def manage(self, *arguments: str) -> str:
        """Run a command of ``manage.py`` beside the running processes; returns what it printed."""
        return self.run("manage.py", *arguments)

    def wait_until_fresh(self) -> None:
        """Wait until all that the core said is in the views."""
        self.run("-c", "import django; django.setup(); from openbanking.demo.preparation import *; wait_until_fresh()")

    def run(self, *arguments: str) -> str:
        """Run Python with the platform's environment; returns what it printed."""
        return subprocess.run(
            [sys.executable, *arguments],
            cwd=ROOT,
            env=os.environ | self.environment,
            check=True,
            capture_output=True,
            text=True,
            timeout=120,
        ).stdout

    def kill(self, name: str) -> None:
        """``kill -9`` a process of the Procfile, with its children, as an out-of-memory killer would."""
        for process in self._processes(name):
            process.send_signal(SIGKILL)

    def kill_service(self, name: str) -> None:
        """``kill -9`` an embedded service; what watches over it brings it up again."""
        pid = self.services.service(name).pid
        assert pid is not None, f"{name} does not run"
        os.kill(pid, SIGKILL)

    def _processes(self, name: str) -> Sequence[psutil.Process]:
        marks = {
            "web": "openbanking.wsgi:application",
            "relay": "relay@",
            "relay-standby": "relay-standby@",
            "consumers": "consume",
            "dispatcher": "dispatch_webhooks",
            "simulator": "simulate",
        }
        supervisor = psutil.Process(int((self.folder / "supervisord.pid").read_text()))
        found = [
            process
            for process in supervisor.children(recursive=True)
            if any(part.startswith(marks[name]) for part in process.cmdline())
        ]
        assert found, f"no process {name} runs"
        return found


@contextmanager
def running_platform(folder: Path, *, customers: int = 2) -> Iterator[Platform]:
    """Run services, processes and a seeded bank in a folder of their own; afterwards all of them end."""
    services = ServiceSet(folder, given={})
    with ExitStack() as running:
        addresses = services.up()
        running.enter_context(watched(services))
        details = Details.load(folder, preferred_port=0)
        environment = details.environment() | _addresses(addresses, folder)
        with override_settings(SIMULATOR_FILE=folder / "core" / "core.sqlite3"):
            platform = Platform(
                base_url=details.base_url, folder=folder, environment=environment, services=services, customers={}
            )
            platform.manage("migrate", "--verbosity", "0")
            platform.manage("topics", "apply")
            platform.manage("simulate", "seed", "--customers", str(customers))
            running.enter_context(supervised(root=ROOT, folder=folder, environment=environment))
            wait_until_serving(details.base_url)
            platform.wait_until_fresh()
            passwords = {person.username: person.password for person in simulator.customers()}
            yield replace(platform, customers=passwords)


def _addresses(addresses: Addresses, folder: Path) -> dict[str, str]:
    return {
        "SERVICES_DIR": str(folder),
        **addresses.as_environment(),
        "TOPIC_PREFIX": "",
        "ALLOWED_HOSTS": "127.0.0.1",
        "LOG_LEVEL": "INFO",
    }
