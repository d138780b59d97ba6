"""Housekeeping that Celery starts."""

from celery import shared_task

from consents import services
from kernel import clock, context

_BATCH = 500


@shared_task(ignore_result=True)
def expire_consents() -> int:
    """Write down which consents are over; returns how many. Safe to run twice at once."""
    total = 0
    with context.acting(actor="system:expiry"):
        while True:
            expired = services.expire_due_consents(now=clock.now(), limit=_BATCH)
            total += expired
            if expired < _BATCH:
                return total
