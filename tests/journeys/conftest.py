"""One running platform for all journeys of a worker."""

import shutil
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.support.environment import WORKER
from tests.support.platform import ROOT, Platform, running_platform


@pytest.fixture(scope="session")
def platform() -> Iterator[Platform]:
    """The platform as processes, with a seeded bank."""
    folder = Path(ROOT / ".services" / "test" / f"journeys-{WORKER}")
    shutil.rmtree(folder, ignore_errors=True)
    with running_platform(folder) as running:
        yield running


@pytest.fixture(scope="session")
def account_access(platform):
    """A third party with a live consent of ``psu.happy``; for journeys that do not end it."""
    client = platform.register()
    request = client.push(client.lodge_account_consent())
    client.exchange(request, client.authorise(request, platform.customer("psu.happy")))
    return client
