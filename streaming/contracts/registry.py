"""One entry per event type of the platform, with all that its readers may rely on."""

import inspect
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import orjson

from streaming import topics
from streaming.consuming.registry import Group, list_groups
from streaming.contracts.examples import example_headers, example_of
from streaming.earlier_forms import EarlierForm
from streaming.errors import UnknownEventType
from streaming.events import Event, event_schema, event_types
from streaming.personal_data import PersonalDataClass, personal_data_class
from streaming.schemas import Schema
from streaming.topics import Topic


@dataclass(frozen=True, slots=True, kw_only=True)
class Contract:
    """What an event type promises; ``read_by`` names the platform's own groups that handle it."""

    event_type: type[Event]
    name: str
    owner: str
    """The room that records it, and answers for it."""
    description: str
    schema_version: int
    schema: Schema
    example: Mapping[str, Any]
    """A payload of this type."""
    example_headers: Mapping[str, str]
    topic: Topic
    subject: str
    """The field that holds the aggregate's id."""
    key: str
    """The field that is the record's key."""
    aggregate_type: str
    personal_data: PersonalDataClass
    personal_fields: Sequence[str]
    serves: Sequence[str]
    """Ids of use-case rows."""
    read_by: Sequence[str]
    earlier: Sequence[EarlierForm]

    @property
    def summary(self) -> str:
        """Return what happened, in one sentence."""
        return " ".join(self.description.split("\n\n")[0].split())

    @property
    def document(self) -> Schema:
        """Return the schema with all else that must not change, or that readers want to know."""
        return {
            **self.schema,
            "x-schema-version": self.schema_version,
            "x-partitions": self.topic.partitions,
            "x-owner": self.owner,
            "x-personal-data": self.personal_data.value,
            "x-use-cases": list(self.serves),
            "examples": [dict(self.example)],
        }


def contracts() -> tuple[Contract, ...]:
    """
    Return the contract of every event type of the platform, sorted by name.

    :raises TypeError: if a class lacks something that its contract needs.
    """
    readers = platform_groups()
    return tuple(contract_of(each, groups=readers) for each in event_types() if not _is_of_tests(each.__module__))


def get_contract(name: str) -> Contract:
    """
    Return the contract of one event type of the platform.

    :raises UnknownEventType: if there is none of this name.
    """
    for contract in contracts():
        if contract.name == name:
            return contract
    raise UnknownEventType(name)


def contract_of(event_type: type[Event], *, groups: Sequence[Group] = ()) -> Contract:
    """
    Return the contract of an event class; ``groups`` are looked through for its readers.

    :raises TypeError: if the class lacks something that its contract needs.
    """
    example = example_of(event_type)
    return Contract(
        event_type=event_type,
        name=event_type.name,
        owner=event_type.name.partition(".")[0],
        description=inspect.cleandoc(event_type.__doc__ or ""),
        schema_version=event_type.schema_version,
        schema=event_schema(event_type),
        example=orjson.loads(example.to_payload()),
        example_headers=example_headers(example),
        topic=topics.get_topic(event_type.topic),
        subject=event_type.subject,
        key=event_type.key or event_type.subject,
        aggregate_type=event_type.aggregate_type,
        personal_data=personal_data_class(event_type),
        personal_fields=sorted(event_type.personal),
        serves=event_type.serves,
        read_by=[group.name for group in groups if event_type.name in group.by_type],
        earlier=event_type.earlier,
    )


def platform_groups() -> tuple[Group, ...]:
    """Return the groups that the rooms declare, sorted by name; those of tests are left out."""
    return tuple(group for group in list_groups() if not all(map(_is_of_tests, _modules(group))))


def platform_topics() -> tuple[Topic, ...]:
    """Return the topics that the rooms declare, sorted by name; those of tests are left out."""
    return tuple(topic for topic in topics.declared() if topic.owner != "tests")


def _modules(group: Group) -> Sequence[str]:
    return [handler.apply.__module__ for handler in (*group.by_type.values(), *group.by_raw_topic.values())]


def _is_of_tests(module: str) -> bool:
    return module.startswith("tests.")
