"""``celery --app tests.faults.celery_app``: the platform's Celery, with a visibility timeout as bad as they come."""

from openbanking.celery import app
from tests.faults import process

VISIBILITY_TIMEOUT_S = 2

app.conf.broker_transport_options = {
    **app.conf.broker_transport_options,
    "visibility_timeout": VISIBILITY_TIMEOUT_S,
}
process.set_clock_wrong()
