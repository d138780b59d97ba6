"""One Celery task per event, as most projects publish their outbox: load the row, produce it, wait for the broker."""

import os
from functools import cache
from uuid import UUID

from celery import Celery
from confluent_kafka import Producer
from django.conf import settings

WORKER = [
    "celery", "--app", "benchmarks.plain.task_per_event", "worker", "--pool", "prefork",
    "--concurrency", str(os.cpu_count() or 1), "--without-gossip", "--without-mingle", "--loglevel", "WARNING",
]  # fmt: skip
"""Celery's own default: a pool with a process for each core."""

app = Celery("benchmarks")
app.conf.update(
    broker_url=settings.VALKEY_URL,
    broker_transport_options={"global_keyprefix": f"{settings.TOPIC_PREFIX}benchmark."},
    task_ignore_result=True,
)


@app.task  # type: ignore[untyped-decorator]  # Celery has no type hints.
def publish(event_id: str) -> None:
    """Publish one event of the log."""
    from streaming.models import StoredEvent  # Celery imports this before Django is set up.
    from streaming.topics import topic_name

    event = StoredEvent.objects.get(event_id=UUID(event_id))
    _producer().produce(topic_name(event.topic), bytes(event.payload), event.key, headers=_headers(event))
    _producer().flush()


@cache
def _producer() -> Producer:
    """Return the one producer of a process."""
    return Producer({"bootstrap.servers": settings.KAFKA_BOOTSTRAP_SERVERS, "acks": "all"})


def _headers(event: object) -> dict[str, str]:
    """Return the headers that the relay would send."""
    from streaming.envelope import LogRow, headers_of

    fields = {name: getattr(event, name) for name in LogRow._fields}
    texts = {name: str(fields[name]) for name in ("event_id", "version")}
    causation_id = fields["causation_id"]
    return headers_of(
        LogRow(
            **{
                **fields,
                **texts,
                "causation_id": str(causation_id) if causation_id else None,
                "occurred_at": fields["occurred_at"].isoformat(),
            }
        ),
        epoch=1,
    )
