"""Answers as the standard wraps them: Data, Risk, Links and Meta; stored documents pass through as bytes."""

from datetime import datetime
from typing import Any
from urllib.parse import urlencode

import orjson
from django.conf import settings
from django.http import HttpRequest, HttpResponse

from standards.uk.dates import write_instant
from standards.uk.errors import CONTENT_TYPE

AS_OF_HEADER = "x-as-of"
"""Says as of when the bank's core knew what is answered; an addition of ours to the standard's headers."""

ONE_PAGE = {"TotalPages": 1}


def collection_answer(
    request: HttpRequest,
    name: str,
    documents: bytes,
    *,
    as_of: datetime | None,
    links: dict[str, str] | None = None,
    meta: dict[str, Any] | None = None,
) -> HttpResponse:
    """Return stored documents, joined by commas, as the array ``Data.<name>``."""
    tail = orjson.dumps({"Links": links or self_link(request), "Meta": ONE_PAGE if meta is None else meta})
    body = b'{"Data":{"' + name.encode() + b'":[' + documents + b"]}," + tail[1:]
    answer = _answer(body, status=200)
    if as_of is not None:
        answer.headers[AS_OF_HEADER] = write_instant(as_of)
    return answer


def resource_answer(body: dict[str, Any], *, self_path: str, status: int = 200) -> HttpResponse:
    """Return one resource, with the link to where it can be read again."""
    links = {"Self": settings.BASE_URL + self_path}
    return _answer(orjson.dumps(body | {"Links": links, "Meta": ONE_PAGE}), status=status)


def empty_answer() -> HttpResponse:
    """Return the answer of a deletion."""
    answer = HttpResponse(status=204, headers={"cache-control": "no-store"})
    del answer.headers["content-type"]
    return answer


def self_link(request: HttpRequest) -> dict[str, str]:
    """Return the links of a collection that is one page."""
    return {"Self": absolute_link(request, {})}


def absolute_link(request: HttpRequest, parameters: dict[str, str]) -> str:
    """Return the address of the request's path with these query parameters."""
    query = f"?{urlencode(parameters)}" if parameters else ""
    return f"{settings.BASE_URL}{request.path}{query}"


def _answer(body: bytes, *, status: int) -> HttpResponse:
    return HttpResponse(body, status=status, content_type=CONTENT_TYPE, headers={"cache-control": "no-store"})
