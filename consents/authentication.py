"""Admits calls to customers' data: the bearer token, through the full gate."""

from http import HTTPStatus
from typing import Any, ClassVar

from django.contrib.auth.models import AnonymousUser
from rest_framework.authentication import BaseAuthentication
from rest_framework.exceptions import APIException
from rest_framework.request import Request

from consents.access import Grant, Refusal, RefusalReason, admit
from kernel import clock
from oauth.authentication import bearer_token

FORBIDDEN = frozenset(
    {RefusalReason.WRONG_SCOPE, RefusalReason.MISSING_PERMISSION, RefusalReason.ACCOUNT_NOT_IN_CONSENT}
)
"""Reasons that are about what is asked for (403); all others are about who asks (401)."""


class GateRefused(APIException):
    """The gate said no; faces read ``refusal`` and answer in their standard's words."""

    def __init__(self, refusal: Refusal) -> None:
        self.refusal = refusal
        self.status_code = status_of(refusal)
        self.auth_header = challenge(refusal)  # REST framework sends it as WWW-Authenticate.
        super().__init__(detail=str(HTTPStatus(self.status_code).phrase), code=self.error)

    @property
    def error(self) -> str:
        """The word of RFC 6750 §3.1."""
        return "insufficient_scope" if self.status_code == HTTPStatus.FORBIDDEN else "invalid_token"


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


def challenge(refusal: Refusal) -> str:
    """Return the ``WWW-Authenticate`` header; a call without a token gets no error code (RFC 6750 §3.1)."""
    if refusal.reason == RefusalReason.NO_TOKEN:
        return "Bearer"
    error = "insufficient_scope" if status_of(refusal) == HTTPStatus.FORBIDDEN else "invalid_token"
    return f'Bearer error="{error}"'
