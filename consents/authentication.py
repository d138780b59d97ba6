"""Admits calls to customers' data: the bearer token, through the full gate."""

from http import HTTPStatus
from typing import Any, ClassVar

from django.contrib.auth.models import AnonymousUser
from rest_framework.authentication import BaseAuthentication
from rest_framework.exceptions import APIException
from rest_framework.request import Request

from consents.access import Grant, Refusal, RefusalReason, admit
from kernel import clock
from oauth.authentication import bearer_token, challenge

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


class GrantAuthentication(BaseAuthentication):
    """Puts the caller's ``Grant`` into ``request.auth``; the view names its ``required_scope``."""

    scheme: ClassVar[str] = "Bearer"

    def authenticate(self, request: Request) -> tuple[Any, Grant]:
        """
        Ask the gate.

        :raises GateRefused: for every token that does not admit its bearer.
        """
        view = request.parser_context["view"]
        outcome = admit(token=bearer_token(request), scope=view.required_scope, now=clock.now())
        if isinstance(outcome, Refusal):
            raise GateRefused(outcome)
        return AnonymousUser(), outcome

    def authenticate_header(self, request: Request) -> str:
        """Name the scheme, for a call that comes without any token."""
        return self.scheme


def grant_of(request: Request) -> Grant:
    """Return what the gate granted to this call."""
    assert isinstance(request.auth, Grant), "the view lacks GrantAuthentication"
    return request.auth


def status_of(refusal: Refusal) -> int:
    """Return the HTTP status of a refusal: 401 or 403."""
    return HTTPStatus.FORBIDDEN if refusal.reason in FORBIDDEN else HTTPStatus.UNAUTHORIZED


def error_of(refusal: Refusal) -> str | None:
    """Return the word of RFC 6750 §3.1; a call without any token gets none."""
    if refusal.reason == RefusalReason.NO_TOKEN:
        return None
    return "insufficient_scope" if refusal.reason in FORBIDDEN else "invalid_token"
