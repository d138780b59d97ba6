"""Strict reading of the forms that clients post: what two parsers could read differently is refused."""

from collections.abc import Mapping
from typing import TypeAlias
from urllib.parse import parse_qsl

from django.core.exceptions import RequestDataTooBig
from django.http import HttpRequest
from django.http.request import UnreadablePostError

from oauth.errors import InvalidRequest, RequestTooLarge, UnsupportedBody

Form: TypeAlias = Mapping[str, str]
"""Parameters by name; each at most once, none empty (RFC 6749 §3.1: empty means absent)."""

MAX_BYTES = 64 * 1024
MAX_FIELDS = 50


def read_form(request: HttpRequest) -> Form:
    """
    Return the parameters in the body of a POST.

    :raises UnsupportedBody: if it is not ``application/x-www-form-urlencoded``.
    :raises RequestTooLarge: if it has more than :data:`MAX_BYTES`.
    :raises InvalidRequest: if it cannot be read in one way only, or the URL has parameters too.
    """
    if request.content_type != "application/x-www-form-urlencoded":
        raise UnsupportedBody
    if request.META.get("QUERY_STRING"):
        raise InvalidRequest("Parameters belong into the body, not into the URL.")
    return parse_form(_read(request))


def parse_form(text: str) -> Form:
    """
    Return the parameters that a form or a query string spells.

    :raises InvalidRequest: if one is given twice (RFC 6749 §3.1), or holds what no text should.
    """
    try:
        pairs = parse_qsl(text, keep_blank_values=True, max_num_fields=MAX_FIELDS, errors="strict")
    except ValueError:
        raise InvalidRequest("The form cannot be read.") from None
    form = dict(pairs)
    if len(form) != len(pairs):
        raise InvalidRequest("A parameter is given twice.")
    if not all(name.isprintable() and value.isprintable() for name, value in pairs):
        raise InvalidRequest("A parameter holds a control character.")
    return {name: value for name, value in pairs if value}


def _read(request: HttpRequest) -> str:
    try:
        if int(request.META.get("CONTENT_LENGTH") or 0) > MAX_BYTES:
            raise RequestTooLarge
        body = request.body
        if len(body) > MAX_BYTES:
            raise RequestTooLarge
        return body.decode()
    except RequestDataTooBig:
        raise RequestTooLarge from None
    except (UnreadablePostError, ValueError):
        raise InvalidRequest("The form cannot be read.") from None
