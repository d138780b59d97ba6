"""Requests against our schemas: every fault of a body at once, each with its exact path in the standard's notation."""

from collections.abc import Iterator
from functools import cache
from typing import Any

import jsonschema_rs
from jsonschema_rs import ValidationErrorKind as Kind

from standards.uk.codes import ErrorCode
from standards.uk.errors import Fault, Refused
from standards.uk.schemas import components, pointer
from standards.uk.versions import Version


def ensure_valid(body: dict[str, Any], *, schema: str, version: Version) -> None:
    """
    Refuse a body that does not fit the schema of this name.

    :raises Refused: with all that is wrong.
    """
    found = {(fault.path, fault.code): fault for fault in _faults(body, schema, version)}
    if found:
        raise Refused(*(found[key] for key in sorted(found, key=lambda key: key[0])))


def _faults(body: dict[str, Any], schema: str, version: Version) -> Iterator[Fault]:
    for error in _validator(schema, version).iter_errors(body):
        path = format_path(error.instance_path)
        match error.kind:
            case Kind.Required() as kind:
                yield Fault(ErrorCode.FIELD_MISSING, "The field is missing.", _join(path, kind.property))
            case Kind.AdditionalProperties() as kind:
                for name in kind.unexpected:
                    yield Fault(ErrorCode.FIELD_UNEXPECTED, "The field is not expected here.", _join(path, name[:80]))
            case Kind.Format():
                yield Fault(ErrorCode.FIELD_INVALID_DATE, "The value is not a date-time with a zone.", path)
            case kind:
                yield Fault(ErrorCode.FIELD_INVALID, _SENTENCES.get(kind.name, "The value is not valid."), path)


_SENTENCES = {
    "type": "The value has the wrong type.",
    "enum": "The value is not one of the codes that are allowed.",
    "pattern": "The value does not have the format that is asked for.",
    "minLength": "The text is too short.",
    "maxLength": "The text is too long.",
    "minItems": "There are too few values.",
    "maxItems": "There are too many values.",
}


def format_path(steps: list[str | int]) -> str:
    """Return ``["Data", "Permissions", 0]`` as ``Data.Permissions[0]``."""
    path = ""
    for step in steps:
        path = f"{path}[{step}]" if isinstance(step, int) else _join(path, step)
    return path


def _join(path: str, name: str) -> str:
    return f"{path}.{name}" if path else name


@cache
def _validator(schema: str, version: Version) -> jsonschema_rs.Draft202012Validator:
    document = {"$ref": pointer(schema, version), "components": {"schemas": components(version)}}
    return jsonschema_rs.Draft202012Validator(document, validate_formats=True)
