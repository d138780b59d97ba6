"""The gate's no as HTTP says it: 401 for who asks, 403 for what is asked for."""

from http import HTTPStatus

from rest_framework.exceptions import APIException

from consents.access import Refusal, RefusalReason
from oauth.authentication import challenge

FORBIDDEN = frozenset(
    {RefusalReason.WRONG_SCOPE, RefusalReason.MISSING_PERMISSION, RefusalReason.ACCOUNT_NOT_IN_CONSENT}
)
"""Reasons that are about what is asked for (403); all others are about who asks (401)."""


class GateRefused(APIException):
    """The gate said no; faces read ``refusal`` and answer in their standard's words."""

    def __init__(self, refusal: Refusal) -> None:
        self.refusal = refusal
        self.status_code = status_of(refusal)
        self.auth_header = challenge(error_of(refusal))  # REST framework sends it as WWW-Authenticate.
        super().__init__(detail=HTTPStatus(self.status_code).phrase, code=error_of(refusal))


def status_of(refusal: Refusal) -> int:
    """Return the HTTP status of a refusal: 401 or 403."""
    return HTTPStatus.FORBIDDEN if refusal.reason in FORBIDDEN else HTTPStatus.UNAUTHORIZED


def error_of(refusal: Refusal) -> str | None:
    """Return the word of RFC 6750 §3.1; a call without any token gets none."""
    if refusal.reason == RefusalReason.NO_TOKEN:
        return None
    return "insufficient_scope" if refusal.reason in FORBIDDEN else "invalid_token"
