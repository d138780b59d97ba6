"""Wiring only: settings by topic, URLs, the Celery app, health, the commands that start things."""
