"""
The AsyncAPI 3 document: every topic, what its records look like, who sends them and which group reads them.

It describes payloads by draft 7 of JSON Schema, which is all that AsyncAPI's own dialect builds on; the rules that
events use mean the same in it.
"""

from collections.abc import Iterable, Mapping, Sequence
from typing import Any, TypeAlias

from streaming.consuming.registry import Group
from streaming.contracts.registry import Contract, contracts, platform_groups, platform_topics
from streaming.contracts.releases import list_releases
from streaming.personal_data import PersonalDataClass
from streaming.topics import Topic

Document: TypeAlias = dict[str, Any]

_BINDING = "0.5.0"

_DESCRIPTION = """\
What happened on the platform, as records on Kafka. Every event is recorded in the transaction that made it true, and
published once that is committed: nothing is lost, and of one aggregate all events arrive in order. A record may come
twice after a crash; `ce_id` tells.

Records are CloudEvents 1.0 in binary mode: the attributes are headers, the payload is the value. Readers pass over
fields that they do not know. Names of topics and groups stand here without the deployment's prefix.
"""


def build_document() -> Document:
    """Return the document of the whole platform."""
    return document_of(contracts(), platform_topics(), platform_groups())


def document_of(present: Sequence[Contract], topics: Sequence[Topic], groups: Sequence[Group]) -> Document:
    """Return the document of these contracts, topics and groups."""
    messages = {topic.name: _messages_on(topic, present) for topic in topics}
    return {
        "asyncapi": "3.0.0",
        "info": {
            "title": "Millrace events",
            "version": "1",
            "description": _DESCRIPTION,
            "license": {"name": "Apache-2.0"},
        },
        "defaultContentType": "application/json",
        "servers": {
            "kafka": {
                "host": "{brokers}",
                "protocol": "kafka",
                "description": "The cluster that the deployment names in `KAFKA_BOOTSTRAP_SERVERS`.",
                "variables": {"brokers": {"default": "127.0.0.1:9092"}},
            }
        },
        "channels": {topic.name: _channel(topic, messages[topic.name]) for topic in topics},
        "operations": {
            **dict(_sends(topics, messages)),
            **{name: each for group in groups for name, each in _receives(group, messages)},
        },
        "components": {
            "schemas": {"headers": _HEADERS},
            "messages": {name: message for on_topic in messages.values() for name, message in on_topic.items()},
        },
    }


def _channel(topic: Topic, messages: Iterable[str]) -> Document:
    return {
        "address": topic.name,
        "description": topic.purpose,
        "servers": [{"$ref": "#/servers/kafka"}],
        "messages": {name: {"$ref": f"#/components/messages/{name}"} for name in messages},
        "bindings": {
            "kafka": {
                "topic": topic.name,
                "partitions": topic.partitions,
                "topicConfiguration": {
                    "cleanup.policy": ["delete"],
                    "retention.ms": topic.retention_days * 24 * 3600 * 1000,
                },
                "bindingVersion": _BINDING,
            }
        },
        "x-owner": topic.owner,
    }


def _messages_on(topic: Topic, present: Iterable[Contract]) -> dict[str, Document]:
    """Return the messages of a topic by their names: the events of today, earlier forms, or the raw records."""
    if topic.raw_schema is not None:
        return {topic.name: _raw_message(topic, topic.raw_schema)}
    found = {contract.name: _message(contract) for contract in present if contract.topic == topic}
    for contract in present:
        for form in contract.earlier:
            if form.topic == topic.name:
                found[f"{contract.name}.{form.schema_version}"] = _earlier_message(contract, form.schema_version)
    return found


def _message(contract: Contract) -> Document:
    return {
        "name": contract.name,
        "title": contract.name,
        "summary": contract.summary,
        "description": contract.description,
        "contentType": "application/json",
        "headers": _headers_for(contract.name, contract.schema_version, contract.personal_data.value),
        "payload": _draft_7(contract.schema),
        "bindings": {"kafka": {"key": _key_schema(contract), "bindingVersion": _BINDING}},
        "examples": [
            {"name": "one", "headers": dict(contract.example_headers), "payload": dict(contract.example)},
        ],
        "x-owner": contract.owner,
        "x-key": contract.key,
        "x-aggregate-type": contract.aggregate_type,
        "x-personal-data": contract.personal_data.value,
        "x-use-cases": list(contract.serves),
    }


def _earlier_message(contract: Contract, schema_version: int) -> Document:
    """Describe a form from before a breaking change by the last release of it."""
    released = [each for each in list_releases(contract.name) if each.schema_version == schema_version][-1].document
    return {
        "name": contract.name,
        "title": f"{contract.name}, schema version {schema_version}",
        "summary": f"As it was before schema version {contract.schema_version}; for those who still read it so.",
        "contentType": "application/json",
        "headers": _headers_for(contract.name, schema_version, released["x-personal-data"]),
        "payload": _draft_7(released),
    }


def _raw_message(topic: Topic, schema: Mapping[str, Any]) -> Document:
    return {
        "name": topic.name,
        "title": schema["title"],
        "summary": schema["description"],
        "contentType": "application/json",
        "payload": {name: value for name, value in schema.items() if name != "examples"},
        "examples": [{"name": "one", "payload": example} for example in schema["examples"]],
    }


def _sends(topics: Iterable[Topic], messages: Mapping[str, Mapping[str, Any]]) -> Iterable[tuple[str, Document]]:
    for topic in topics:
        if topic.raw_schema is None:
            yield (
                f"relay.sends.{topic.name}",
                {
                    "action": "send",
                    "channel": {"$ref": f"#/channels/{topic.name}"},
                    "summary": f"The relay publishes what {topic.owner} recorded.",
                    "messages": [_of_channel(topic.name, name) for name in messages[topic.name]],
                },
            )


def _receives(group: Group, messages: Mapping[str, Mapping[str, Any]]) -> Iterable[tuple[str, Document]]:
    for topic in sorted(group.topics):
        handled = [name for name in messages[topic] if name in group.by_type or topic in group.by_raw_topic]
        yield (
            f"{group.name}.receives.{topic}",
            {
                "action": "receive",
                "channel": {"$ref": f"#/channels/{topic}"},
                "summary": f"The group {group.name} reads.",
                "messages": [_of_channel(topic, name) for name in handled],
                "bindings": {
                    "kafka": {"groupId": {"type": "string", "enum": [group.name]}, "bindingVersion": _BINDING}
                },
            },
        )


def _of_channel(topic: str, message: str) -> Document:
    return {"$ref": f"#/channels/{topic}/messages/{message}"}


def _key_schema(contract: Contract) -> Document:
    return {**_draft_7(contract.schema["properties"][contract.key]), "description": f"The event's `{contract.key}`."}


def _headers_for(type_name: str, schema_version: int, personal_data: str) -> Document:
    """Return the headers that all records have, and the values that are fixed for this type."""
    fixed = {
        "ce_type": type_name,
        "ce_dataschema": f"urn:millrace:event:{type_name}:{schema_version}",
        "schema-version": str(schema_version),
        "pii-class": personal_data,
    }
    return {
        "allOf": [
            {"$ref": "#/components/schemas/headers"},
            {"type": "object", "properties": {name: {"const": value} for name, value in fixed.items()}},
        ]
    }


def _draft_7(schema: Mapping[str, Any]) -> Document:
    """Return a schema as AsyncAPI can hold it: of draft 7, without an address and marks of its own."""
    left_out = {"$schema", "$id", "examples", "x-topic", "x-key", "x-subject", "x-aggregate-type"}
    return {name: value for name, value in schema.items() if name not in left_out}


_NUMBER = "^[0-9]+$"
_HEADERS: Document = {
    "type": "object",
    "description": "The attributes of a CloudEvent in binary mode (`ce_…`, `content-type`), and the platform's own.",
    "properties": {
        "ce_specversion": {"const": "1.0"},
        "ce_id": {"type": "string", "format": "uuid", "description": "The event's id: the same in every copy of it."},
        "ce_source": {"type": "string", "format": "uri", "description": "The institution, as a URN."},
        "ce_type": {"type": "string", "description": "`room.noun.verbed`."},
        "ce_subject": {"type": "string", "description": "The aggregate's id."},
        "ce_time": {
            "type": "string",
            "format": "date-time",
            "description": "When it was true, UTC. The record's own timestamp is when it was relayed.",
        },
        "ce_dataschema": {"type": "string", "format": "uri"},
        "content-type": {"const": "application/json"},
        "aggregate-version": {
            "type": "string",
            "pattern": _NUMBER,
            "description": "1, 2, 3 … for each aggregate, without holes.",
        },
        "schema-version": {"type": "string", "pattern": _NUMBER},
        "pii-class": {"enum": [each.value for each in PersonalDataClass]},
        "relay-epoch": {"type": "string", "pattern": _NUMBER, "description": "Which leadership of the relay sent it."},
        "traceparent": {
            "type": "string",
            "pattern": "^[0-9a-f]{2}-[0-9a-f]{32}-[0-9a-f]{16}-[0-9a-f]{2}$",
            "description": "The W3C trace context, if the cause had one.",
        },
        "correlation-id": {"type": "string", "description": "What ties all that has one cause together."},
        "causation-id": {"type": "string", "format": "uuid", "description": "The event that this one follows from."},
    },
    "required": [
        "ce_specversion",
        "ce_id",
        "ce_source",
        "ce_type",
        "ce_subject",
        "ce_time",
        "ce_dataschema",
        "content-type",
        "aggregate-version",
        "schema-version",
        "pii-class",
        "relay-epoch",
    ],
}
