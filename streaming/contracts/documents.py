"""The files in ``docs/events``, made from the registry: a change of a contract shows in review."""

import json
from collections.abc import Mapping
from pathlib import Path

from django.conf import settings

from streaming.contracts.asyncapi import build_document
from streaming.contracts.page import build_page
from streaming.contracts.registry import contracts

ASYNCAPI = "asyncapi.json"
PAGE = "README.md"


def write_documents() -> list[str]:
    """Write every document, remove those of types that are gone, and return what changed."""
    folder = document_folder()
    folder.mkdir(parents=True, exist_ok=True)
    changes = document_differences()
    wanted = _wanted()
    for name in _present().keys() - wanted.keys():
        (folder / name).unlink()
    for name, text in wanted.items():
        (folder / name).write_text(text)
    return changes


def document_differences() -> list[str]:
    """Return a sentence for each document that is missing, out of date or left over."""
    wanted, present = _wanted(), _present()
    return [
        *(f"{name}: missing" for name in sorted(wanted.keys() - present.keys())),
        *(f"{name}: of no event type" for name in sorted(present.keys() - wanted.keys())),
        *(f"{name}: differs" for name in sorted(wanted.keys() & present.keys()) if wanted[name] != present[name]),
    ]


def document_folder() -> Path:
    """Return where the documents lie."""
    return Path(settings.BASE_DIR) / "docs" / "events"


def _wanted() -> Mapping[str, str]:
    schemas = {f"{contract.name}.json": _json(contract.document) for contract in contracts()}
    return {**schemas, ASYNCAPI: _json(build_document()), PAGE: build_page()}


def _present() -> Mapping[str, str]:
    """Return the documents as they are; releases are no documents, and nobody writes them anew."""
    folder = document_folder()
    return {path.name: path.read_text() for path in (*folder.glob("*.json"), *folder.glob("*.md"))}


def _json(document: object) -> str:
    return json.dumps(document, indent=2, ensure_ascii=False) + "\n"
