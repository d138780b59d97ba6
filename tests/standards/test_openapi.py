"""Our description of the face, held against the standard's own files and against what is served."""

import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from drf_spectacular.drainage import GENERATOR_STATS
from drf_spectacular.validation import validate_schema

from standards.uk.operations import LedgerEntry, list_operations
from tests.support.official import official_operation, resolve
from tests.support.openapi import our_document

SNAPSHOT = Path(__file__).resolve().parents[2] / "docs" / "openapi.json"
ENTRIES = list_operations()
OPERATIONS = [pytest.param(entry, id=entry.operation.name) for entry in ENTRIES]
WITH_REQUEST = [pytest.param(entry, id=entry.operation.name) for entry in ENTRIES if entry.operation.request]
WITH_RESPONSE = [pytest.param(entry, id=entry.operation.name) for entry in ENTRIES if entry.operation.response]


def _our_operation(entry: LedgerEntry) -> dict[str, Any]:
    for item in our_document()["paths"].values():
        operation: dict[str, Any] | None = item.get(entry.method.lower())
        if operation and operation["operationId"] == entry.operation.name:
            return operation
    raise AssertionError(f"{entry.operation.name} is not in the document")


def _schema(document: dict[str, Any], holder: dict[str, Any]) -> dict[str, Any]:
    schema: dict[str, Any] = resolve(document, holder)["content"]["application/json"]["schema"]
    return schema


def test_the_document_is_valid_and_made_without_a_warning():
    with GENERATOR_STATS.silence():
        document = our_document()

    validate_schema(document)
    assert not GENERATOR_STATS
    assert document["openapi"].startswith("3.1")


def test_the_document_is_the_one_in_docs():
    remedy = "python manage.py spectacular --format openapi-json --file docs/openapi.json"

    assert json.loads(SNAPSHOT.read_text()) == our_document(), f"the API changed; if that was meant: {remedy}"


def test_the_document_holds_what_is_served_below_the_face_s_address_and_nothing_else():
    described = {
        operation["operationId"]
        for path, item in our_document()["paths"].items()
        if path.startswith("/open-banking/")
        for operation in item.values()
    }

    assert described == {entry.operation.name for entry in list_operations()}


@pytest.mark.parametrize("entry", OPERATIONS)
def test_an_operation_has_the_standard_s_address_parameters_and_statuses(entry):
    theirs_document, theirs = official_operation(entry.operation.name)
    ours = _our_operation(entry)

    def names(document: dict[str, Any], operation: dict[str, Any]) -> set[str]:
        return {resolve(document, parameter)["name"] for parameter in operation["parameters"]}

    # The token is told by the security scheme; the cursor is ours, as paging is left to the bank.
    assert names(our_document(), ours) - {"cursor"} == names(theirs_document, theirs) - {"Authorization"}
    # Calls at once wait for the first one: there is no conflict to tell.
    assert set(theirs["responses"]) - {"409"} <= set(ours["responses"])
    assert set(ours["responses"]) - set(theirs["responses"]) <= {"404", "413"}
    assert ours["security"] == theirs["security"]
    path = next(path for path, item in theirs_document["paths"].items() if theirs in item.values())
    assert theirs_document["servers"][0]["url"] + path in our_document()["paths"]


@pytest.mark.parametrize("entry", WITH_REQUEST)
def test_a_request_has_the_standard_s_fields_types_limits_and_codes(entry):
    theirs_document, theirs = official_operation(entry.operation.name)

    assert not list(
        _differences(
            _Node(our_document(), _schema(our_document(), _our_operation(entry)["requestBody"])),
            _Node(theirs_document, _schema(theirs_document, theirs["requestBody"])),
        )
    )


@pytest.mark.parametrize("entry", WITH_RESPONSE)
def test_an_answer_has_the_standard_s_fields_types_limits_and_codes(entry):
    theirs_document, theirs = official_operation(entry.operation.name)
    ours = _our_operation(entry)

    for status in (str(entry.operation.status), "400", "403", "500"):
        differences = _differences(
            _Node(our_document(), _schema(our_document(), ours["responses"][status])),
            _Node(theirs_document, _schema(theirs_document, theirs["responses"][status])),
        )
        assert set(differences) <= {"Errors[].required: {'Message'} on one side only"}  # a sentence always comes.


class _Node:
    """A schema inside its document, with references followed."""

    def __init__(self, document: dict[str, Any], schema: dict[str, Any]) -> None:
        self.document = document
        self.schema = resolve(document, schema)

    def child(self, schema: dict[str, Any]) -> "_Node":
        return _Node(self.document, schema)


_LIMITS = ("type", "format", "minLength", "maxLength", "minItems", "maxItems", "default")


def _differences(ours: _Node, theirs: _Node, path: str = "") -> Iterator[str]:
    """Yield where two schemas differ; ours may refuse members that theirs lets pass, never the reverse."""
    for limit in _LIMITS:
        if ours.schema.get(limit) != theirs.schema.get(limit):
            yield f"{path}.{limit}: {ours.schema.get(limit)} is {theirs.schema.get(limit)} in the standard"
    if _pattern(ours) != _pattern(theirs):
        yield f"{path}.pattern: {_pattern(ours)} is {_pattern(theirs)} in the standard"
    for name in ("enum", "required"):
        if difference := set(ours.schema.get(name, ())) ^ set(theirs.schema.get(name, ())):
            yield f"{path}.{name}: {difference} on one side only"
    our_members, their_members = ours.schema.get("properties", {}), theirs.schema.get("properties", {})
    if difference := our_members.keys() ^ their_members.keys():
        yield f"{path}: {difference} on one side only"
    if theirs.schema.get("additionalProperties") is False and ours.schema.get("additionalProperties") is not False:
        yield f"{path}: more members are let pass than in the standard"
    for name in our_members.keys() & their_members.keys():
        inner = f"{path}.{name}" if path else name
        yield from _differences(ours.child(our_members[name]), theirs.child(their_members[name]), inner)
    if "items" in ours.schema and "items" in theirs.schema:
        yield from _differences(ours.child(ours.schema["items"]), theirs.child(theirs.schema["items"]), f"{path}[]")


def _pattern(node: _Node) -> str:
    return str(node.schema.get("pattern", "")).replace("[0-9]", r"\d")
