"""What every test stands on: a real database under the application's role, loopback only, seeded properties."""

import ipaddress
import os
import socket
from collections.abc import Iterator
from datetime import UTC, datetime
from typing import Any

import psycopg
import pytest
from django.core.management import call_command
from django.test import TransactionTestCase
from hypothesis import HealthCheck, settings

settings.register_profile(
    "millrace", deadline=None, derandomize=True, suppress_health_check=[HealthCheck.function_scoped_fixture]
)
settings.register_profile("fuzz", deadline=None, max_examples=1000)
settings.load_profile(os.environ.get("HYPOTHESIS_PROFILE", "millrace"))

_KEPT = ("django_migrations", "django_content_type", "auth_permission", "auth_group", "streaming_relay")
"""Tables whose rows come from migrations."""


@pytest.fixture
def now() -> datetime:
    """The moment at which a test happens, unless it says otherwise."""
    return datetime(2026, 11, 23, 14, 5, tzinfo=UTC)


@pytest.fixture(scope="session")
def django_db_setup(django_db_blocker: Any) -> None:
    """Migrate the worker's own database under the owner's role; the tests run under the application's."""
    with django_db_blocker.unblock():
        call_command("migrate", verbosity=0)


@pytest.fixture(scope="session", autouse=True)
def _empty_tables_after_transactional_tests() -> Iterator[None]:
    """The application's role may not truncate, and the log refuses it: the tests' superuser does it instead."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(TransactionTestCase, "_fixture_teardown", lambda _self: _empty_tables())
        yield


def _empty_tables() -> None:
    with psycopg.connect(os.environ["DATABASE_ADMIN_URL"], autocommit=True) as admin:
        tables = admin.execute(
            "SELECT string_agg(format('%%I', c.relname), ', ') FROM pg_class c"
            " JOIN pg_namespace n ON n.oid = c.relnamespace"
            " WHERE n.nspname = 'public' AND c.relkind IN ('r', 'p') AND NOT c.relispartition"
            " AND c.relname <> ALL (%s)",
            [list(_KEPT)],
        ).fetchone()
        assert tables is not None
        admin.execute("SET session_replication_role = replica")
        admin.execute(f"TRUNCATE {tables[0]} CASCADE")


@pytest.fixture(scope="session", autouse=True)
def _loopback_only() -> Iterator[None]:
    """No test contacts an address outside the loopback range."""
    connect = socket.socket.connect

    def guarded(self: socket.socket, address: Any) -> None:
        if self.family in {socket.AF_INET, socket.AF_INET6} and not ipaddress.ip_address(address[0]).is_loopback:
            raise AssertionError(f"a test tried to reach {address}")
        connect(self, address)

    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(socket.socket, "connect", guarded)
        yield
