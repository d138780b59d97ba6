"""Errors of the house's own APIs as problem details (RFC 9457); faces of other standards have their own words."""

import math
from collections.abc import Mapping, Sequence
from http import HTTPStatus
from typing import Any, TypedDict

import orjson
import structlog
from django.core.exceptions import PermissionDenied
from django.http import Http404, HttpResponse
from rest_framework.exceptions import APIException

from edge.transient import is_transient
from kernel.errors import DomainError

CONTENT_TYPE = "application/problem+json"

STATUSES: dict[str, int] = {
    "unsupported_media_type": 415,
    "not_acceptable": 406,
    "body_too_large": 413,
    "idempotency_key_reused": 422,
}
"""HTTP status by :attr:`DomainError.code`; rooms add theirs with :func:`declare`, all others answer 400."""

_log = structlog.get_logger("edge.problems")


class FieldProblem(TypedDict):
    """What is wrong with one field: its JSON path, and a sentence."""

    path: str
    detail: str


def declare(statuses: Mapping[str, int]) -> None:
    """Say with which HTTP status a room's API answers its refusals."""
    STATUSES.update(statuses)


def problem(
    status: int,
    *,
    code: str,
    detail: str | None = None,
    errors: Sequence[FieldProblem] = (),
    headers: Mapping[str, str] | None = None,
) -> HttpResponse:
    """
    Return a problem details answer.

    ``code`` is the stable word that programs decide by; ``errors`` lists the fields at fault.
    """
    body: dict[str, Any] = {
        "type": "about:blank",
        "title": HTTPStatus(status).phrase,
        "status": status,
        "code": code,
    }
    if detail:
        body["detail"] = detail
    if errors:
        body["errors"] = list(errors)
    return HttpResponse(
        orjson.dumps(body),
        status=status,
        content_type=CONTENT_TYPE,
        headers={"cache-control": "no-store"} | dict(headers or {}),
    )


def answer_problem(error: Exception, _view: Any) -> HttpResponse | None:
    """Turn an anticipated refusal into its answer; DRF's ``EXCEPTION_HANDLER``. ``None``: it is a bug."""
    if isinstance(error, DomainError):
        _log.info("refused", code=error.code, **error.context)
        return problem(
            STATUSES.get(error.code, 400), code=error.code, detail=error.message, errors=field_problems(error)
        )
    if isinstance(error, APIException):
        return _answer_api_exception(error)
    if isinstance(error, Http404):
        return problem(404, code="not_found")
    if isinstance(error, PermissionDenied):
        return problem(403, code="permission_denied")
    if is_transient(error):
        return answer_unavailable(error)
    return None


RETRY_AFTER_S = 5

UNAVAILABLE = "This cannot be done at the moment. Try again in a few seconds."


def answer_unavailable(error: BaseException) -> HttpResponse:
    """Ask the caller to come again: the database is away or full, or ended a transaction to end a deadlock."""
    _log.warning("unavailable", error=type(error).__name__)
    return problem(503, code="unavailable", detail=UNAVAILABLE, headers={"retry-after": str(RETRY_AFTER_S)})


def field_problems(error: DomainError) -> Sequence[FieldProblem]:
    """Return the fields at fault, for refusals that know them."""
    return getattr(error, "fields", ())


def _answer_api_exception(error: APIException) -> HttpResponse:
    headers = {}
    if challenge := getattr(error, "auth_header", None):
        headers["www-authenticate"] = challenge
    if wait := getattr(error, "wait", None):
        headers["retry-after"] = str(math.ceil(wait))
    detail = error.detail if isinstance(error.detail, str) else None
    codes = error.get_codes()
    return problem(
        error.status_code, code=codes if isinstance(codes, str) else "invalid", detail=detail, headers=headers
    )
