"""What must fit together before any process starts."""

from collections.abc import Sequence
from typing import Any

from django.core.checks import CheckMessage, Error, register

from streaming import events, topics


@register
def events_are_complete(**_kwargs: Any) -> Sequence[CheckMessage]:
    """Every event type has a schema that can be made, and a topic that is declared."""
    return [error for event_type in events.event_types() for error in _errors_of(event_type)]


def _errors_of(event_type: type[events.Event]) -> list[CheckMessage]:
    found: list[CheckMessage] = []
    try:
        events.event_schema(event_type)
    except (TypeError, AttributeError) as error:
        found.append(Error(f"{event_type.__module__}: {error}", id="streaming.E001"))
    if not topics.is_declared(getattr(event_type, "topic", "")):
        found.append(Error(f"{event_type.name}: its topic is not declared", id="streaming.E002"))
    return found
