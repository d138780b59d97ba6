"""Housekeeping: what was told is kept for thirty days."""

from datetime import datetime, timedelta

from celery import shared_task
from django.db import connection

from kernel import clock

KEPT_FOR = timedelta(days=30)
BATCH = 5_000


@shared_task(name="webhooks.tasks.delete_old")
def delete_old() -> int:
    """Delete attempts, finished or forgotten deliveries and notifications older than :data:`KEPT_FOR`."""
    before = clock.now() - KEPT_FOR
    return sum(
        _delete(table, column, before)
        for table, column in (
            ("webhooks_attempt", "started_at"),
            ("webhooks_delivery", "created_at"),
            ("webhooks_notification", "recorded_at"),
        )
    )


def _delete(table: str, column: str, before: datetime) -> int:
    """Delete in short statements, so that the dispatcher never waits long."""
    deleted = 0
    with connection.cursor() as cursor:
        while True:
            cursor.execute(
                f"DELETE FROM {table} WHERE id IN (SELECT id FROM {table} WHERE {column} < %s LIMIT %s)",
                [before, BATCH],
            )
            just_deleted: int = cursor.rowcount
            deleted += just_deleted
            if just_deleted < BATCH:
                return deleted
