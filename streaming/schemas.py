"""The JSON Schema of an event type, made from its class."""

import inspect
from collections.abc import Mapping
from dataclasses import MISSING, Field, fields
from datetime import date, datetime
from enum import Enum
from types import NoneType, UnionType
from typing import Any, TypeAlias, Union, get_args, get_origin, get_type_hints
from uuid import UUID

import jsonschema_rs

Schema: TypeAlias = dict[str, Any]

ENCRYPTED = {"type": "string", "pattern": "^enc:v1:[^:]+:[A-Za-z0-9+/=_-]+$"}
"""How a personal field may look once it is encrypted: its contract does not change by that."""


class OpenEnum:
    """
    What makes a string enum open: values may be added to it later.

    An open enum has a member ``OTHER``, as which its readers take every value that they do not know. A closed one
    never gains a value: whoever reads it may rely on knowing them all.
    """

    @classmethod
    def _missing_(cls, _value: object) -> Any:
        return cls.OTHER  # type: ignore[attr-defined]  # a member of each open enum.


_SCALARS: Mapping[type, Schema] = {
    str: {"type": "string"},
    bool: {"type": "boolean"},
    int: {"type": "integer", "minimum": -(2**63), "maximum": 2**63 - 1},
    UUID: {"type": "string", "format": "uuid"},
    datetime: {"type": "string", "format": "date-time"},
    date: {"type": "string", "format": "date"},
}


def build_schema(event_type: Any) -> Schema:
    """
    Return the schema of an event class's payload.

    :raises TypeError: if a field has a type that events do not carry, or a personal one is no text.
    """
    hints = get_type_hints(event_type)
    carried = fields(event_type)
    unknown = event_type.personal - {field.name for field in carried}
    if unknown:
        raise TypeError(f"{event_type.name}: personal fields that do not exist: {', '.join(sorted(unknown))}")
    return {
        "$schema": "https://json-schema.org/draft/2020-12/schema",
        "$id": f"urn:millrace:event:{event_type.name}:{event_type.schema_version}",
        "title": event_type.name,
        "description": inspect.cleandoc(event_type.__doc__ or ""),
        "type": "object",
        "properties": {field.name: _property(event_type, field.name, hints[field.name]) for field in carried},
        "required": [field.name for field in carried if not _has_default(field)],
        "additionalProperties": False,
        "x-topic": event_type.topic,
        "x-subject": event_type.subject,
        "x-key": event_type.key or event_type.subject,
        "x-aggregate-type": event_type.aggregate_type,
    }


def validator_of(schema: Schema) -> jsonschema_rs.Draft202012Validator:
    """Return a compiled validator that checks formats too."""
    return jsonschema_rs.Draft202012Validator(schema, validate_formats=True)


def _property(event_type: Any, name: str, hint: Any) -> Schema:
    try:
        if name in event_type.personal:
            return {**_personal(hint), "x-personal": True}
        return _schema_of(hint)
    except TypeError as error:
        raise TypeError(f"{event_type.name}.{name}: {error}") from None


def _schema_of(hint: Any) -> Schema:
    if hint in _SCALARS:
        return dict(_SCALARS[hint])
    if get_origin(hint) is tuple:
        item, *rest = get_args(hint)
        if rest != [Ellipsis]:
            raise TypeError("a tuple is written tuple[X, ...]")
        return {"type": "array", "items": _schema_of(item)}
    if _is_optional(hint):
        return _nullable(_schema_of(_required_part(hint)))
    if isinstance(hint, type) and issubclass(hint, Enum) and issubclass(hint, str):
        values = {"type": "string", "enum": [member.value for member in hint]}
        return {**values, "x-open": True} if issubclass(hint, OpenEnum) else values
    raise TypeError(f"events do not carry {hint!r}")


def _personal(hint: Any) -> Schema:
    if _is_optional(hint):
        return _nullable(_personal(_required_part(hint)))
    if get_origin(hint) is tuple:
        return {"type": "array", "items": _personal(get_args(hint)[0])}
    schema = _schema_of(hint)
    if schema["type"] != "string":
        raise TypeError("a personal field is text, so that it can be encrypted")
    return schema if schema == {"type": "string"} else {"anyOf": [schema, ENCRYPTED]}


def _nullable(schema: Schema) -> Schema:
    if "enum" in schema or "anyOf" in schema:
        return {"anyOf": [*schema.get("anyOf", [schema]), {"type": "null"}]}
    return {**schema, "type": [schema["type"], "null"]}


def _is_optional(hint: Any) -> bool:
    return get_origin(hint) in {Union, UnionType} and NoneType in get_args(hint)


def _required_part(hint: Any) -> Any:
    parts = [part for part in get_args(hint) if part is not NoneType]
    if len(parts) != 1:
        raise TypeError(f"events do not carry {hint!r}")
    return parts[0]


def _has_default(field: "Field[Any]") -> bool:
    return field.default is not MISSING or field.default_factory is not MISSING
