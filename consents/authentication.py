"""Admits calls to customers' data: the bearer token, through the full gate."""

from typing import Any, ClassVar

from django.contrib.auth.models import AnonymousUser
from rest_framework.authentication import BaseAuthentication
from rest_framework.request import Request

from consents.access import Grant, Refusal, admit
from consents.refusals import GateRefused
from kernel import clock
from oauth.authentication import bearer_token


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
