"""The Celery application: ``celery -A openbanking worker`` and ``celery -A openbanking beat``."""

import os

from celery import Celery

os.environ.setdefault("DJANGO_SETTINGS_MODULE", "openbanking.settings")

app = Celery("openbanking")
app.config_from_object("django.conf:settings", namespace="CELERY")
app.autodiscover_tasks()
