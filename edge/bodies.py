"""Strict reading of JSON bodies: what two parsers could read differently, or no table can keep, is refused."""

import json
import re
from collections import Counter
from collections.abc import Iterator, Sequence
from email.message import Message
from typing import Any, ClassVar

from django.core.exceptions import RequestDataTooBig
from django.http import HttpRequest
from django.http.request import UnreadablePostError

from edge.problems import FieldProblem
from kernel.errors import DomainError

MAX_BYTES = 128 * 1024
MAX_DEPTH = 24
MAX_INTEGER = 2**53 - 1  # RFC 7493 §2.2: beyond it not every reader sees the same number.

_UNSTORABLE = re.compile("[\x00\ud800-\udfff]")  # PostgreSQL has no NUL, UTF-8 no lone surrogate.


class UnsupportedMediaType(DomainError):
    code: ClassVar[str] = "unsupported_media_type"
    detail: ClassVar[str] = "The body must be application/json in UTF-8."


class NotAcceptable(DomainError):
    code: ClassVar[str] = "not_acceptable"
    detail: ClassVar[str] = "This address answers application/json only."


class BodyTooLarge(DomainError):
    code: ClassVar[str] = "body_too_large"
    detail: ClassVar[str] = "The body is larger than this address accepts."


class InvalidBody(DomainError):
    """The body is no JSON object, or not one that everybody reads in the same way; ``fields`` says where."""

    code: ClassVar[str] = "invalid_body"
    detail: ClassVar[str] = "The body is not a valid JSON object."

    def __init__(self, detail: str | None = None, /, *, fields: Sequence[FieldProblem] = (), **context: Any) -> None:
        super().__init__(detail, **context)
        self.fields = tuple(fields)


def read_json_object(request: HttpRequest, *, max_bytes: int = MAX_BYTES) -> dict[str, Any]:
    """
    Return the JSON object in the body of a request (Django's, or DRF's around it).

    Integers are within ±(2⁵³-1), strings hold neither NUL nor lone surrogates, names are unique
    in their object, nesting is at most :data:`MAX_DEPTH` deep (RFC 8259 §4, §9; RFC 7493 §2).

    :raises UnsupportedMediaType: if the content type is not ``application/json``, or the charset not UTF-8.
    :raises BodyTooLarge: if it has more than ``max_bytes``.
    :raises InvalidBody: for everything else.
    """
    ensure_json_content(request)
    return parse_json_object(_read(request, max_bytes))


def parse_json_object(body: bytes) -> dict[str, Any]:
    """
    Return the JSON object that the bytes spell, as :func:`read_json_object` does.

    :raises InvalidBody: if they do not, or spell one that is not safe to keep.
    """
    reader = _Reader()
    try:
        value = json.loads(
            body.decode(),
            object_pairs_hook=reader.read_object,
            parse_constant=_refuse_constant,
            parse_int=_parse_int,
            parse_float=_parse_float,
        )
    except (ValueError, RecursionError):
        raise InvalidBody from None
    if not isinstance(value, dict):
        raise InvalidBody("The body must be a JSON object.")
    if faults := list(reader.faults(value, "", 1)):
        raise InvalidBody("The body cannot be read in one way only.", fields=faults)
    return value


def ensure_json_content(request: HttpRequest) -> None:
    """
    Refuse a body that does not say it is JSON in UTF-8.

    :raises UnsupportedMediaType: if so.
    """
    header = Message()
    header["content-type"] = request.META.get("CONTENT_TYPE") or "-"
    charset = header.get_param("charset", "utf-8")
    if header.get_content_type() != "application/json" or str(charset).lower() not in {"utf-8", "utf8"}:
        raise UnsupportedMediaType
    if request.headers.get("content-encoding", "identity").lower() != "identity":
        raise UnsupportedMediaType("The body must not be compressed.")


def ensure_json_accepted(request: HttpRequest) -> None:
    """
    Refuse a caller that does not accept JSON (RFC 9110 §12.5.1).

    :raises NotAcceptable: if so.
    """
    for part in request.headers.get("accept", "*/*").split(","):
        media_range, *parameters = (piece.strip().lower() for piece in part.split(";"))
        if media_range not in {"application/json", "application/*", "*/*"}:
            continue
        if not any(re.fullmatch(r"q=0(\.0{0,3})?", parameter) for parameter in parameters):
            return
    raise NotAcceptable


class _Reader:
    """Remembers which objects had a name twice, since JSON's own reader forgets."""

    def __init__(self) -> None:
        self._repeated: dict[int, str] = {}

    def read_object(self, pairs: list[tuple[str, Any]]) -> dict[str, Any]:
        members = dict(pairs)
        if len(members) < len(pairs):
            [(name, _)] = Counter(name for name, _ in pairs).most_common(1)
            self._repeated[id(members)] = name
        return members

    def faults(self, value: object, path: str, depth: int) -> Iterator[FieldProblem]:
        """Yield what is wrong at and below ``path``; the tree is held by the caller, so ids stay unique."""
        if depth > MAX_DEPTH:
            yield {"path": path, "detail": f"The body is nested deeper than {MAX_DEPTH}."}
        elif isinstance(value, dict):
            yield from self._faults_of_object(value, path, depth)
        elif isinstance(value, list):
            for index, item in enumerate(value):
                yield from self.faults(item, f"{path}[{index}]", depth + 1)
        elif isinstance(value, str) and _UNSTORABLE.search(value):
            yield {"path": path, "detail": "The text holds a character that is not allowed."}

    def _faults_of_object(self, members: dict[str, Any], path: str, depth: int) -> Iterator[FieldProblem]:
        prefix = f"{path}." if path else ""
        if id(members) in self._repeated:
            yield {"path": prefix + _printable(self._repeated[id(members)]), "detail": "The name is given twice."}
        for name, item in members.items():
            if _UNSTORABLE.search(name):
                yield {"path": path, "detail": "A name holds a character that is not allowed."}
            else:
                yield from self.faults(item, prefix + _printable(name), depth + 1)


def _read(request: HttpRequest, max_bytes: int) -> bytes:
    try:
        if int(request.META.get("CONTENT_LENGTH") or 0) > max_bytes:
            raise BodyTooLarge
        body = request.body
    except RequestDataTooBig:
        raise BodyTooLarge from None
    except (UnreadablePostError, ValueError):
        raise InvalidBody from None
    if len(body) > max_bytes:
        raise BodyTooLarge
    return body


def _printable(name: str) -> str:
    return _UNSTORABLE.sub("?", name)[:80]


def _refuse_constant(name: str) -> float:
    raise ValueError(f"{name} is no JSON")


def _parse_int(digits: str) -> int:
    if len(digits) > 17 or abs(number := int(digits)) > MAX_INTEGER:
        raise ValueError("beyond what JSON readers agree on")
    return number


def _parse_float(digits: str) -> float:
    number = float(digits)
    if number in (float("inf"), float("-inf")):
        raise ValueError("beyond what JSON readers agree on")
    return number
