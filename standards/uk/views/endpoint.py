"""What all addresses of the face do alike: admit the caller, check headers, tell refusals in the standard's words."""

from collections.abc import Mapping
from typing import Any, ClassVar

from django.http import HttpRequest, HttpResponse
from rest_framework.authentication import BaseAuthentication
from rest_framework.permissions import BasePermission
from rest_framework.request import Request
from rest_framework.views import APIView

from consents.authentication import GrantAuthentication
from consents.permissions import Consented
from edge.bodies import ensure_json_accepted
from oauth.access import Caller
from oauth.authentication import ClientToken
from standards.uk.codes import ErrorCode
from standards.uk.errors import NOT_IMPLEMENTED, Fault, Refused, answer_refusal, error_answer
from standards.uk.headers import ensure_headers
from standards.uk.openapi import UkSchema
from standards.uk.operations import Operation, Token
from standards.uk.versions import V4_0, Version


class Endpoint(APIView):
    """
    One address; subclasses say in ``operations`` what each method is, and have a method of that name.

    The order of checks: method (405), token (401), scope, permission and account (403), ``Accept`` (406),
    headers (400); then the method itself reads its body (415, 413, 400).
    """

    operations: ClassVar[Mapping[str, Operation]]
    version: ClassVar[Version] = V4_0
    schema = UkSchema()

    @property
    def operation(self) -> Operation:
        """The operation that the request asks for."""
        return self.operations[(self.request.method or "").lower()]

    @property
    def allowed_methods(self) -> list[str]:
        """The methods that this address has; none is added unasked."""
        return sorted(method.upper() for method in self.operations)

    @property
    def default_response_headers(self) -> dict[str, str]:
        """Keep REST framework's own ``Allow`` and ``Vary`` out of the answers."""
        return {}

    @property
    def required_scope(self) -> str:
        """The scope that the token must have."""
        return self.operation.scope

    @property
    def required_permissions(self) -> frozenset[str]:
        """The permissions of which the consent must have one."""
        return self.operation.permissions

    def initial(self, request: Request, *args: Any, **kwargs: Any) -> None:
        """Admit the call, or refuse it before its method runs."""
        self._ensure_method()
        super().initial(request, *args, **kwargs)
        ensure_json_accepted(request)
        ensure_headers(request)

    def get_authenticators(self) -> list[BaseAuthentication]:
        """Return how this operation's token is read; a method that is not there reads none."""
        request: HttpRequest | None = self.request  # documents are made without one.
        operation = self.operations.get((request.method or "").lower()) if request is not None else None
        if operation is None:
            return []
        return [GrantAuthentication() if operation.token is Token.CONSENT else ClientToken()]

    def get_permissions(self) -> list[BasePermission]:
        """Return who may pass: what a consent must cover; a client's own token was checked when it was read."""
        return [Consented()] if self.operation.token is Token.CONSENT else [IsClient()]

    def perform_content_negotiation(self, request: Request, force: bool = False) -> tuple[Any, Any]:
        """Skip REST framework's own: the answers are bytes, always JSON."""
        return None, "application/json"

    def handle_exception(self, exc: Exception) -> HttpResponse:  # type: ignore[override]  # bytes, not REST framework's Response.
        """Tell whatever went wrong in the standard's words."""
        return answer_refusal(exc, self.request, version=self.version)

    def _ensure_method(self) -> None:
        """
        Refuse a method that is not there, before anybody asks for a token.

        :raises Refused: naming the methods that are.
        """
        if self.request.method not in self.allowed_methods:
            fault = Fault(ErrorCode.OTHER_REASON, "This address does not have the method.")
            raise Refused(fault, status=405, headers={"allow": ", ".join(self.allowed_methods)})


class IsClient(BasePermission):
    """Lets a call through that came with the client's own token."""

    def has_permission(self, request: Request, view: APIView) -> bool:
        return isinstance(request.auth, Caller)


def caller_of(request: Request) -> Caller:
    """Return the third party that calls with its own token."""
    assert isinstance(request.auth, Caller), "the operation asks for a consent's token"
    return request.auth


def not_implemented(request: HttpRequest, **_: Any) -> HttpResponse:
    """Answer for every address below the face's that is not served."""
    return error_answer(404, [NOT_IMPLEMENTED])
