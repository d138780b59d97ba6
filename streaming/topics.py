"""The topics that the platform declares; what is not declared here does not exist on the broker."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from django.conf import settings

PARTITIONS = 12
"""The same for all, so that related topics are partitioned alike. Fixed for life: adding one breaks order."""
RETENTION_DAYS = 14
"""The event log keeps everything; a topic only needs to outlast the longest outage of a reader."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Topic:
    """
    One declared topic; ``name`` is without the deployment's prefix, ``owner`` the room that answers for it.

    ``raw_schema`` is the JSON Schema of what a topic carries that has no events of ours; elsewhere it is ``None``.
    """

    name: str
    partitions: int
    retention_days: int
    owner: str
    purpose: str
    raw_schema: Mapping[str, Any] | None = field(default=None, hash=False)


_declared: dict[str, Topic] = {}


def declare(
    name: str,
    *,
    partitions: int = PARTITIONS,
    retention_days: int = RETENTION_DAYS,
    owner: str = "",
    purpose: str = "",
    raw_schema: Mapping[str, Any] | None = None,
) -> Topic:
    """
    Declare a topic ``<context>.<stream>.v<major>``; called where a room's events are defined.

    :raises ValueError: if the name is declared already, with other properties.
    """
    topic = Topic(
        name=name,
        partitions=partitions,
        retention_days=retention_days,
        owner=owner,
        purpose=purpose,
        raw_schema=raw_schema,
    )
    if _declared.setdefault(name, topic) != topic:
        raise ValueError(f"the topic {name} is declared twice, and differently")
    return topic


def declared() -> tuple[Topic, ...]:
    """Return every declared topic, sorted by name."""
    return tuple(_declared[name] for name in sorted(_declared))


def get_topic(name: str) -> Topic:
    """
    Return a declared topic.

    :raises KeyError: if no room declares it.
    """
    return _declared[name]


def is_declared(name: str) -> bool:
    """Say whether some room declared this topic."""
    return name in _declared


def topic_name(name: str) -> str:
    """Return the name on the broker: the deployment's prefix goes before it."""
    return f"{settings.TOPIC_PREFIX}{name}"


def without_prefix(name: str) -> str:
    """Return the declared name of a topic on the broker."""
    return name.removeprefix(settings.TOPIC_PREFIX)
