"""
Our own JSON Schemas of the face, one file a payload and version.

The same files check requests, stand in the OpenAPI document and type the renderers' tests. ``types.json`` and
``codes.json`` hold what payloads share.
"""

import json
import re
from functools import cache
from pathlib import Path
from typing import Any

from standards.uk.versions import Version

_FOLDER = Path(__file__).parent
_REFERENCE = re.compile(r"(?P<file>[a-z-]+\.json)(?:#/\$defs/(?P<name>\w+))?")


@cache
def components(version: Version) -> dict[str, dict[str, Any]]:
    """
    Return every schema of a version by name, as an OpenAPI document holds them.

    A file is named by its title, its definitions stand beside it, and all names begin with the version's prefix.
    References point to ``#/components/schemas/<name>``.
    """
    files = {path.name: json.loads(path.read_text()) for path in sorted((_FOLDER / version.schemas).glob("*.json"))}
    titles = {name: content["title"] for name, content in files.items()}
    found: dict[str, dict[str, Any]] = {}
    for content in files.values():
        named = dict(content.get("$defs", {}))
        if "type" in content:
            named[content["title"]] = {
                key: value for key, value in content.items() if key not in {"$schema", "$defs", "title"}
            }
        assert not named.keys() & found.keys(), f"two schemas have one name: {named.keys() & found.keys()}"
        found |= named

    def point(schema: Any) -> Any:
        if isinstance(schema, list):
            return [point(item) for item in schema]
        if not isinstance(schema, dict):
            return schema
        return {key: target(value) if key == "$ref" else point(value) for key, value in schema.items()}

    def target(reference: str) -> str:
        match = _REFERENCE.fullmatch(reference)
        assert match, f"{reference} is no reference to one of our files"
        return pointer(match["name"] or titles[match["file"]], version)

    return {f"{version.prefix}{name}": point(schema) for name, schema in sorted(found.items())}


def pointer(name: str, version: Version) -> str:
    """Return the reference to a schema inside a document that holds :func:`components`."""
    return f"#/components/schemas/{version.prefix}{name}"
