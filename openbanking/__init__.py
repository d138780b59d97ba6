"""Wiring only: settings by topic, URLs, the Celery app, health, the commands that start things."""

from openbanking.celery import app as celery_app

__all__ = ["celery_app"]
