"""Reading a token from a request, and DRF's way in for clients that call in their own name."""

from django.contrib.auth.models import AnonymousUser
from django.http import HttpRequest
from rest_framework.authentication import BaseAuthentication
from rest_framework.exceptions import AuthenticationFailed, PermissionDenied
from rest_framework.request import Request

from kernel import clock
from oauth.access import Caller, TokenRefusal
from oauth.gate import admit_client


def bearer_token(request: HttpRequest | Request) -> str | None:
    """Return the token of the ``Authorization`` header, the only place where one is looked for (FAPI 2.0 §5.3.4)."""
    scheme, _, token = request.headers.get("Authorization", "").partition(" ")
    return token.strip() or None if scheme.lower() == "bearer" else None


def challenge(error: str | None = None) -> str:
    """Return the ``WWW-Authenticate`` value of a refusal (RFC 6750 §3); without a token it names no error."""
    return f'Bearer error="{error}"' if error else "Bearer"


class InsufficientScope(PermissionDenied):
    """403: the token is live, but not for this (RFC 6750 §3.1)."""

    default_code = "insufficient_scope"
    auth_header = challenge("insufficient_scope")


class ClientToken(BaseAuthentication):
    """
    Admits a client's own token (client credentials); ``request.auth`` is then its :class:`Caller`.

    The view says in ``required_scope`` which scope it wants, ``None`` for any.
    """

    def authenticate(self, request: Request) -> tuple[AnonymousUser, Caller]:
        """
        Admit the caller.

        :raises AuthenticationFailed: 401, if there is no token or no live one.
        :raises InsufficientScope: 403, if it is a customer's token, or lacks the scope.
        """
        scope: str | None = request.parser_context["view"].required_scope
        admitted = admit_client(bearer_token(request), scope=scope, now=clock.now())
        if not isinstance(admitted, TokenRefusal):
            return AnonymousUser(), admitted
        if admitted in {TokenRefusal.CUSTOMER_TOKEN, TokenRefusal.WRONG_SCOPE}:
            raise InsufficientScope
        error = None if admitted == TokenRefusal.NO_TOKEN else "invalid_token"
        request.parser_context[_CHALLENGE] = challenge(error)
        raise AuthenticationFailed(code=error)

    def authenticate_header(self, request: Request) -> str:
        """Return the ``WWW-Authenticate`` of a 401; DRF asks another instance for it, after the refusal."""
        header: str = request.parser_context.get(_CHALLENGE, challenge())
        return header


_CHALLENGE = "www_authenticate"
