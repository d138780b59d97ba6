"""What this face refuses, and how a refusal is told: error bodies with codes, sentences and exact paths."""

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import orjson
import structlog
from django.core.exceptions import SuspiciousOperation
from django.core.signals import got_request_exception
from django.http import HttpRequest, HttpResponse
from rest_framework.exceptions import APIException

from consents.access import RefusalReason
from consents.refusals import GateRefused
from edge.bodies import BodyTooLarge, InvalidBody, NotAcceptable, UnsupportedMediaType
from edge.problems import RETRY_AFTER_S, UNAVAILABLE
from edge.transient import is_transient
from kernel.errors import DomainError
from oauth.authentication import challenge
from standards.uk.codes import REFUSALS_AT_THE_GATE, ErrorCode
from standards.uk.versions import V4_0, Version

CONTENT_TYPE = "application/json; charset=utf-8"

_MOST_FAULTS = 50  # of one body; more help nobody.

_log = structlog.get_logger("standards.uk")


@dataclass(frozen=True, slots=True)
class Fault:
    """One thing that is wrong: its code, a sentence, and where (a JSON path, or a header's or parameter's name)."""

    code: ErrorCode
    message: str
    path: str = ""


class Refused(DomainError):
    """The face itself refuses a request: all that is wrong with it, told at once."""

    code = "request_refused"

    def __init__(self, *faults: Fault, status: int = 400, headers: Mapping[str, str] | None = None) -> None:
        self.faults = faults
        self.status = status
        self.headers = headers or {}
        super().__init__(faults=[fault.path for fault in faults])


def error_answer(status: int, faults: Sequence[Fault], *, headers: Mapping[str, str] | None = None) -> HttpResponse:
    """Return the standard's error body; it names nothing but the faults, so that equal refusals are equal bytes."""
    body = {"Errors": [_told(fault) for fault in faults[:_MOST_FAULTS]]}
    return _answer(status, orjson.dumps(body), headers=headers)


def answer_refusal(error: Exception, request: HttpRequest, *, version: Version = V4_0) -> HttpResponse:
    """
    Return the answer to anything that was raised while a request was served.

    What nobody anticipated is a bug: it is logged, reported as Django reports such, and told as ``U000``; so is what
    the database cannot do at the moment, but with 503 and when to try again.
    """
    if isinstance(error, Refused):
        return error_answer(error.status, error.faults, headers=error.headers)
    if isinstance(error, GateRefused):
        return _answer_of_the_gate(error.refusal.reason)
    if isinstance(error, DomainError):
        return _answer_domain_error(error, version)
    if isinstance(error, APIException):
        return _answer_api_exception(error)
    if isinstance(error, SuspiciousOperation):
        return error_answer(400, [Fault(ErrorCode.INVALID_FORMAT, "The request cannot be read.")])
    return _answer_failure(error, request)


NOT_IMPLEMENTED = Fault(ErrorCode.NOT_FOUND, "There is nothing at this address.")

_STATUSES: dict[type[DomainError], tuple[int, ErrorCode, str]] = {
    UnsupportedMediaType: (415, ErrorCode.HEADER_INVALID, "Content-Type"),
    NotAcceptable: (406, ErrorCode.HEADER_INVALID, "Accept"),
    BodyTooLarge: (413, ErrorCode.INVALID_FORMAT, ""),
}

_REFUSALS: dict[str, tuple[int, ErrorCode, str]] = {
    "account_not_found": (403, ErrorCode.INVALID_ACCESS_RIGHTS, "There is no such account in this consent."),
    "permission_missing": (403, ErrorCode.INVALID_ACCESS_RIGHTS, "The consent does not permit this."),
    "consent_not_found": (400, ErrorCode.NOT_FOUND, "There is no such resource."),
    "payment_not_found": (400, ErrorCode.NOT_FOUND, "There is no such resource."),
    "illegal_transition": (400, ErrorCode.INVALID_CONSENT_STATUS, "The consent's status does not allow this."),
    "wrong_kind": (400, ErrorCode.INVALID_CONSENT_STATUS, "The consent's status does not allow this."),
    "debtor_account_unavailable": (400, ErrorCode.FIELD_INVALID, "The account to pay from is not available."),
}
"""Status, code and sentence for refusals of the rooms below, by :attr:`DomainError.code`."""


def _answer_failure(error: Exception, request: HttpRequest) -> HttpResponse:
    if is_transient(error):
        _log.warning("unavailable", error=type(error).__name__)
        headers = {"retry-after": str(RETRY_AFTER_S)}
        return error_answer(503, [Fault(ErrorCode.UNEXPECTED_ERROR, UNAVAILABLE)], headers=headers)
    _log.error("unexpected error", exc_info=error)
    got_request_exception.send(sender=None, request=request)
    return error_answer(500, [Fault(ErrorCode.UNEXPECTED_ERROR, "Something went wrong on our side.")])


def _answer_domain_error(error: DomainError, version: Version) -> HttpResponse:
    _log.info("refused", reason=error.code, **{f"refused_{name}": str(value) for name, value in error.context.items()})
    if isinstance(error, InvalidBody):
        faults = [Fault(ErrorCode.INVALID_FORMAT, field["detail"], field["path"]) for field in error.fields]
        return error_answer(400, faults or [Fault(ErrorCode.INVALID_FORMAT, error.message)])
    if type(error) in _STATUSES:
        status, code, path = _STATUSES[type(error)]
        return error_answer(status, [Fault(code, error.message, path)])
    if error.code == "idempotency_key_reused":
        fault = Fault(ErrorCode.RESOURCE_ALREADY_EXISTS, error.message, "x-idempotency-key")
        return error_answer(version.reused_key_status, [fault])
    if error.code == "invalid_cursor":
        return error_answer(400, [Fault(ErrorCode.FIELD_INVALID, error.message, "cursor")])
    status, code, message = _REFUSALS.get(error.code, (400, ErrorCode.OTHER_REASON, error.message))
    return error_answer(status, [Fault(code, message)])


def _answer_of_the_gate(reason: RefusalReason) -> HttpResponse:
    status, word = REFUSALS_AT_THE_GATE[reason]
    _log.info("refused", reason=reason)
    if status == 401:
        return _answer(401, b"", headers={"www-authenticate": challenge(word)})
    headers = {"www-authenticate": challenge(word)} if word else None
    message = "The token's scope does not cover this." if word else "The consent does not cover this."
    return error_answer(403, [Fault(ErrorCode.INVALID_ACCESS_RIGHTS, message)], headers=headers)


def _answer_api_exception(error: APIException) -> HttpResponse:
    code = error.get_codes()
    if error.status_code == 401:
        word = "invalid_token" if code == "invalid_token" else None
        return _answer(401, b"", headers={"www-authenticate": challenge(word)})
    if error.status_code == 403:
        return _answer_of_the_gate(RefusalReason.WRONG_SCOPE)
    wait = getattr(error, "wait", None)
    headers = {"retry-after": str(math.ceil(wait))} if wait else None
    return error_answer(error.status_code, [Fault(ErrorCode.OTHER_REASON, str(error.detail))], headers=headers)


def _told(fault: Fault) -> dict[str, Any]:
    told = {"ErrorCode": fault.code.code, "Message": fault.message}
    return told | {"Path": fault.path[:500]} if fault.path else told


def _answer(status: int, body: bytes, *, headers: Mapping[str, str] | None = None) -> HttpResponse:
    answer = HttpResponse(body, status=status, content_type=CONTENT_TYPE)
    for name, value in {"cache-control": "no-store", **(headers or {})}.items():
        answer.headers[name] = value
    if not body:
        del answer.headers["content-type"]
    return answer
