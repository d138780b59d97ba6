"""Our own OpenAPI document, as it is made from the code."""

import json
from functools import cache
from typing import Any

from drf_spectacular.generators import SchemaGenerator


@cache
def our_document() -> dict[str, Any]:
    """Return the document of all that is served, as JSON spells it."""
    document: dict[str, Any] = json.loads(json.dumps(SchemaGenerator().get_schema(request=None, public=True)))
    return document
