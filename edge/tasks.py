"""Housekeeping that Celery starts."""

from celery import shared_task

from edge import idempotency
from kernel import clock


@shared_task
def forget_old_idempotency_keys() -> int:
    """Delete idempotency keys that nobody may repeat any more; returns how many. Safe to run twice at once."""
    return idempotency.forget_old_keys(now=clock.now())
