"""
The official files of the standard, which judge our own description of it.

``SPECS_DIR`` says where they lie (default: ``../shared/specs`` beside the project). Where they are absent the tests
that need them are skipped; with ``REQUIRE_SPECS=1`` that is a failure.
"""

import json
import os
from functools import cache
from pathlib import Path
from typing import Any

import jsonschema_rs
import pytest

ROOT = Path(__file__).resolve().parents[2]
SPECS_DIR = Path(os.environ.get("SPECS_DIR") or ROOT.parent / "shared" / "specs")

ACCOUNTS = "uk-obie-4.0.1/account-info-openapi.json"
PAYMENTS = "uk-obie-4.0.1/payment-initiation-openapi.json"


@cache
def official_document(name: str) -> dict[str, Any]:
    """Return an official OpenAPI document, or skip the test that asks."""
    path = SPECS_DIR / name
    if not path.exists():
        if os.environ.get("REQUIRE_SPECS"):
            pytest.fail(f"REQUIRE_SPECS is set, but there is no {path}")
        pytest.skip(f"the standard's own files are not at {SPECS_DIR} (set SPECS_DIR)")
    document: dict[str, Any] = json.loads(path.read_text())
    return document


def assert_fits(body: Any, operation_id: str, *, status: int | None = None) -> None:
    """Assert that a body is what the standard says an operation answers with (or is asked with: no status)."""
    document, operation = official_operation(operation_id)
    told = operation["requestBody"] if status is None else operation["responses"][str(status)]
    schema = resolve(document, told)["content"]["application/json"]["schema"]
    validator = jsonschema_rs.Draft4Validator(
        schema | {"components": document["components"]}
        if "$ref" not in schema
        else {"allOf": [schema], "components": document["components"]},
        validate_formats=True,
    )
    faults = [f"{'.'.join(map(str, error.instance_path))}: {error.message}" for error in validator.iter_errors(body)]
    assert not faults, "\n".join(faults)


def official_operation(operation_id: str) -> tuple[dict[str, Any], dict[str, Any]]:
    """Return (document, operation) of an ``operationId``."""
    for name in (ACCOUNTS, PAYMENTS):
        document = official_document(name)
        for item in document["paths"].values():
            for operation in item.values():
                if isinstance(operation, dict) and operation.get("operationId") == operation_id:
                    return document, operation
    raise AssertionError(f"the standard has no operation {operation_id}")


def resolve(document: dict[str, Any], node: dict[str, Any]) -> dict[str, Any]:
    """Follow a node's reference, if it is one, inside its document."""
    while "$ref" in node:
        target: Any = document
        for step in node["$ref"].removeprefix("#/").split("/"):
            target = target[step]
        node = target
    return node
