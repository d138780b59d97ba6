"""Where data lies and flows: PostgreSQL, Kafka, Valkey, Celery."""

from typing import Any
from urllib.parse import unquote, urlsplit

from celery.schedules import crontab

from openbanking.services.addresses import known_addresses
from openbanking.settings.base import BASE_URL, ENVIRONMENT, SERVICES_DIR

_services = known_addresses(
    SERVICES_DIR,
    {
        "DATABASE_URL": ENVIRONMENT.database_url,
        "DATABASE_OWNER_URL": ENVIRONMENT.database_owner_url,
        "KAFKA_BOOTSTRAP_SERVERS": ENVIRONMENT.kafka_bootstrap_servers,
        "VALKEY_URL": ENVIRONMENT.valkey_url,
    },
)
"""An address that is neither given nor of a set that was ever brought up is empty: using it fails, naming it."""

KAFKA_BOOTSTRAP_SERVERS = _services.kafka_bootstrap_servers
VALKEY_URL = _services.valkey_url

OWN_PORTS = frozenset(
    port
    for address in (
        BASE_URL,
        _services.database_url,
        VALKEY_URL,
        *(f"kafka://{broker}" for broker in KAFKA_BOOTSTRAP_SERVERS.split(",")),
    )
    if (port := urlsplit(address).port)
)
"""Where the platform and its services listen: a sandbox that lets loopback receivers in lets nobody call these."""


def _database(url: str) -> dict[str, Any]:
    parts = urlsplit(url)
    return {
        "ENGINE": "django.db.backends.postgresql",
        "NAME": unquote(parts.path.lstrip("/")) or "millrace",
        "USER": unquote(parts.username or ""),
        "PASSWORD": unquote(parts.password or ""),
        "HOST": parts.hostname or "127.0.0.1",
        "PORT": str(parts.port or 5432),
        "CONN_MAX_AGE": None,
        "CONN_HEALTH_CHECKS": True,
        "OPTIONS": {
            "server_side_binding": True,  # with prepare_threshold: one without the other does nothing.
            "prepare_threshold": 5,
            "application_name": "millrace",
        },
    }


DATABASES = {"default": _database(_services.database_url), "owner": _database(_services.database_owner_url)}
"""``default`` is the application's role, which owns nothing; ``owner`` is for migrations only."""

CACHES = {
    "default": {"BACKEND": "django.core.cache.backends.redis.RedisCache", "LOCATION": VALKEY_URL},
}
SESSION_ENGINE = "django.contrib.sessions.backends.db"

KAFKA_SECURITY = ENVIRONMENT.kafka_security()
KAFKA_REPLICATION_FACTOR = ENVIRONMENT.kafka_replication_factor
TOPIC_PREFIX = ENVIRONMENT.topic_prefix
EVENT_RETENTION_MONTHS = ENVIRONMENT.event_retention_months
RELAY_RANGES = ENVIRONMENT.relay_ranges

CELERY_BROKER_URL = VALKEY_URL
CELERY_TASK_IGNORE_RESULT = True
CELERY_TASK_DEFAULT_QUEUE = "default"
# Who runs relays also starts them: with other workers away, the log is still published.
CELERY_TASK_ROUTES = {f"streaming.tasks.{name}": {"queue": "relay"} for name in ("relay", "ensure_relays")}
CELERY_WORKER_PREFETCH_MULTIPLIER = 1
CELERY_WORKER_CANCEL_LONG_RUNNING_TASKS_ON_CONNECTION_LOSS = False
CELERY_WORKER_SOFT_SHUTDOWN_TIMEOUT = 10.0  # seconds: longer than a relay needs to hand over.
CELERY_WORKER_HIJACK_ROOT_LOGGER = False
CELERY_BROKER_CONNECTION_RETRY_ON_STARTUP = True
CELERY_BROKER_TRANSPORT_OPTIONS = {"global_keyprefix": TOPIC_PREFIX or "millrace."}
CELERY_BEAT_SCHEDULE_FILENAME = str(SERVICES_DIR / "celerybeat-schedule")
CELERY_BEAT_SCHEDULE: dict[str, Any] = {
    "ensure-relays": {"task": "streaming.tasks.ensure_relays", "schedule": 5.0, "options": {"expires": 5}},
    "make-partitions": {"task": "streaming.tasks.make_partitions", "schedule": 3600.0, "options": {"expires": 3600}},
    "drop-old-inbox": {"task": "streaming.tasks.drop_old_inbox", "schedule": crontab(hour="3", minute="17")},
    "expire-consents": {"task": "consents.tasks.expire_consents", "schedule": 30.0, "options": {"expires": 30}},
    "delete-old-webhooks": {"task": "webhooks.tasks.delete_old", "schedule": 3600.0, "options": {"expires": 3600}},
    "forget-keys": {"task": "edge.tasks.forget_old_idempotency_keys", "schedule": 3600.0, "options": {"expires": 3600}},
    "expire-oauth": {"task": "oauth.tasks.delete_expired", "schedule": 300.0, "options": {"expires": 300}},
}

SIMULATOR_FILE = SERVICES_DIR / "core" / "core.sqlite3"
"""The simulated core's own database; the platform never reads it but through the core's ports."""
