"""What the wiring names exists."""

from django.conf import settings
from django.utils.module_loading import import_string

from openbanking.celery import app

PORTS = (
    "ACCOUNTS_FEED",
    "CUSTOMER_SIGN_IN",
    "PAYMENT_CORE",
    "OAUTH_INTERACTION",
    "ACCOUNT_DIRECTORY",
    "DOCUMENT_RENDERER",
)


def test_every_scheduled_task_exists():
    app.loader.import_default_modules()
    app.autodiscover_tasks(force=True)

    assert {entry["task"] for entry in settings.CELERY_BEAT_SCHEDULE.values()} <= set(app.tasks)


def test_every_port_names_something_that_can_be_imported():
    for name in PORTS:
        assert import_string(getattr(settings, name)) is not None


def test_every_process_of_the_procfile_is_one_that_the_platform_has():
    lines = (settings.BASE_DIR / "Procfile").read_text().splitlines()
    names = [line.partition(":")[0] for line in lines if line]

    assert len(names) == len(set(names))
    assert {"web", "relay", "worker", "beat", "consumers", "dispatcher", "simulator"} <= set(names)
