"""A pytest plugin, loaded first: points the settings at the tests' own services before Django reads them."""

import atexit
import os
from collections.abc import Mapping
from pathlib import Path

from tests.support.services import stop_test_services, test_addresses

ROOT = Path(__file__).resolve().parents[2]
WORKER = os.environ.get("PYTEST_XDIST_WORKER", "master")
IS_CONTROLLER = WORKER == "master"


def _environment() -> Mapping[str, str]:
    services = test_addresses(WORKER)
    return {
        "SANDBOX": "1",
        "BASE_URL": "http://testserver",
        "ALLOWED_HOSTS": "testserver,127.0.0.1,localhost",
        **services.as_environment(),
        "DATABASE_ADMIN_URL": services.database_admin_url,
        "TOPIC_PREFIX": services.topic_prefix,
        "SERVICES_DIR": str(ROOT / ".services" / "test" / WORKER),
        "WEBHOOKS_TEST_NETWORKS": "127.0.0.1/32",
        "LOG_LEVEL": "WARNING",
    }


if IS_CONTROLLER:  # leave no process behind, even when pytest ends early; KEEP_SERVICES=1 keeps them for the next run.
    atexit.register(stop_test_services)

os.environ.update(_environment())
