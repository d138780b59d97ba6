"""What must fit together before any process starts."""

from collections.abc import Sequence
from typing import Any

from django.conf import settings
from django.core.checks import CheckMessage, Error, Warning, register  # noqa: A004 - Django's name.

from streaming import events, topics
from streaming.consuming.registry import list_groups

REPLICAS_IN_PRODUCTION = 3


@register
def events_are_complete(**_kwargs: Any) -> Sequence[CheckMessage]:
    """Every event type has a schema that can be made, and a topic that is declared."""
    return [error for event_type in events.event_types() for error in _errors_of(event_type)]


@register
def groups_read_declared_topics(**_kwargs: Any) -> Sequence[CheckMessage]:
    """Whatever a group reads is a topic that somebody declares."""
    return [
        Error(f"the group {group.name} reads {topic}, which nobody declares", id="streaming.E003")
        for group in list_groups()
        for topic in sorted(group.topics)
        if not topics.is_declared(topic)
    ]


@register(deploy=True)
def topics_outlive_a_broker(**_kwargs: Any) -> Sequence[CheckMessage]:
    """In production a topic survives the loss of a broker."""
    if settings.KAFKA_REPLICATION_FACTOR >= REPLICAS_IN_PRODUCTION:
        return []
    return [
        Warning(
            f"KAFKA_REPLICATION_FACTOR is {settings.KAFKA_REPLICATION_FACTOR}: a lost broker takes events along",
            hint=f"Set it to {REPLICAS_IN_PRODUCTION}; topics that exist are moved by the brokers' own tools.",
            id="streaming.W001",
        )
    ]


def _errors_of(event_type: type[events.Event]) -> list[CheckMessage]:
    found: list[CheckMessage] = []
    try:
        events.event_schema(event_type)
    except (TypeError, AttributeError) as error:
        found.append(Error(f"{event_type.__module__}: {error}", id="streaming.E001"))
    if not topics.is_declared(getattr(event_type, "topic", "")):
        found.append(Error(f"{event_type.name}: its topic is not declared", id="streaming.E002"))
    return found
