"""What a load runs on: services of its own, empty at the beginning, and Django set up for them."""

import os
import shutil
import sys
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from io import StringIO
from pathlib import Path
from urllib.parse import urlsplit

import django
import psycopg
from django.core.management import call_command

from benchmarks.cpu import Parts
from openbanking.services.addresses import Addresses
from openbanking.services.ports import keep_or_choose
from openbanking.services.service_set import ServiceSet

ROOT = Path(__file__).resolve().parents[1]


@dataclass(frozen=True, slots=True, kw_only=True)
class Bench:
    """Where a load finds everything; the settings and the environment of processes are set already."""

    folder: Path
    base_url: str
    admin_url: str
    """For what the platform itself may not do: emptying tables between rounds."""
    parts: Parts
    is_judged: bool
    """Whether noise matters: not where only running at all is tried."""


@contextmanager
def surroundings(folder: Path, *, is_judged: bool) -> Iterator[Bench]:
    """
    Bring up empty services in a folder, with the platform's tables and topics; all of it goes afterwards.

    A service whose address the environment gives is used as it is.
    """
    shutil.rmtree(folder, ignore_errors=True)
    services = ServiceSet(folder)
    try:
        addresses = services.up()
        parts = Parts()
        for service in services.services:
            if (pid := service.pid) is not None:
                parts.name(pid, service.name)
        os.environ.update(_environment(addresses, folder))
        django.setup()
        call_command("migrate", verbosity=0)
        call_command("topics", "apply", stdout=StringIO())
        if "postgres" in {service.name for service in services.services}:
            _keep_still(addresses.database_admin_url)
        yield Bench(
            folder=folder,
            base_url=os.environ["BASE_URL"],
            admin_url=_in_platform_database(addresses),
            parts=parts,
            is_judged=is_judged,
        )
    finally:
        services.down()
        shutil.rmtree(folder, ignore_errors=True)


def _environment(addresses: Addresses, folder: Path) -> Mapping[str, str]:
    port = keep_or_choose(None)
    return {
        "DJANGO_SETTINGS_MODULE": "openbanking.settings",
        "SANDBOX": "1",
        "SERVICES_DIR": str(folder),
        **addresses.as_environment(),
        "DATABASE_ADMIN_URL": addresses.database_admin_url,
        "BASE_URL": f"http://127.0.0.1:{port}",
        "ALLOWED_HOSTS": "127.0.0.1",
        "PORT": str(port),
        "WEB_WORKERS": str(os.cpu_count() or 1),
        "PATH": f"{Path(sys.executable).parent}{os.pathsep}{os.environ['PATH']}",
        "PYTHONPATH": str(ROOT),
    }


def _in_platform_database(addresses: Addresses) -> str:
    """Return where the superuser reaches the platform's own tables."""
    return urlsplit(addresses.database_admin_url)._replace(path=urlsplit(addresses.database_url).path).geturl()


def _keep_still(admin_url: str) -> None:
    """Let no vacuum start in the middle of one side and not of another."""
    with psycopg.connect(admin_url, autocommit=True) as admin:
        admin.execute("ALTER SYSTEM SET autovacuum = off")
        admin.execute("SELECT pg_reload_conf()")
