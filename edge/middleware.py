"""What every call gets: an interaction id, a context for logs and events; sessions and the like for pages only."""

import re
import secrets
import time
from collections.abc import Callable
from typing import Any
from uuid import uuid4

import structlog
from django.contrib.auth.middleware import AuthenticationMiddleware
from django.contrib.messages.middleware import MessageMiddleware
from django.contrib.sessions.middleware import SessionMiddleware
from django.http import HttpRequest, HttpResponseForbidden
from django.http.response import HttpResponseBase
from django.middleware.csrf import CsrfViewMiddleware
from django.utils.deprecation import MiddlewareMixin

from kernel import context, tracing

INTERACTION_ID_HEADER = "x-fapi-interaction-id"

API_PREFIXES = (
    "/open-banking/",
    "/oauth/",
    "/webhooks/",
    "/sandbox/",
    "/healthz",
    "/livez",
    "/readyz",
    "/metrics",
    "/.well-known/",
    "/openapi.json",
)
"""Paths that programs call: no session, no CSRF token, no signed-in user, no messages."""

_PROBES = ("/livez", "/readyz", "/healthz", "/metrics")

_PAGES_BELOW_API_PREFIXES = ("/oauth/authorize",)  # a browser goes there.

_UUID = re.compile(r"[0-9a-fA-F]{8}(?:-[0-9a-fA-F]{4}){3}-[0-9a-fA-F]{12}", re.ASCII)
_TRACEPARENT = re.compile(r"00-(?!0{32})([0-9a-f]{32})-(?!0{16})[0-9a-f]{16}-([0-9a-f]{2})", re.ASCII)

_access_log = structlog.get_logger("edge.access")


def is_api_path(path: str) -> bool:
    """Say whether programs, not browsers, call this path."""
    return path.startswith(API_PREFIXES) and path not in _PAGES_BELOW_API_PREFIXES


class CallContextMiddleware:
    """
    Give the call its identifiers and write its line in the access log.

    ``x-fapi-interaction-id`` is echoed if it is a UUID, else minted, and is on every answer, errors too.
    The same id correlates the events that the call records. A W3C ``traceparent`` is continued or begun.
    """

    def __init__(self, get_response: Callable[[HttpRequest], HttpResponseBase]) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponseBase:
        started = time.perf_counter()
        interaction_id = _interaction_id(request)
        given = request.headers.get("traceparent", "")
        span = _begin_span(request, given, interaction_id)
        traceparent = span.traceparent if span else _continue_trace(given)
        with (
            context.acting(correlation_id=interaction_id, traceparent=traceparent),
            structlog.contextvars.bound_contextvars(interaction_id=interaction_id, trace_id=traceparent[3:35]),
        ):
            response = self.get_response(request)
            if span:
                _end_span(span, request, response)
            response.headers[INTERACTION_ID_HEADER] = interaction_id
            _access_log.info(
                "request",
                method=request.method,
                path=request.path,  # never the query: it may hold codes and states.
                status=response.status_code,
                duration_ms=round((time.perf_counter() - started) * 1000, 1),
            )
        return response


class _PagesOnly(MiddlewareMixin):
    """Mixed into one of Django's middleware classes: API paths pass it by."""

    def __call__(self, request: HttpRequest) -> Any:
        if is_api_path(request.path_info):
            return self.get_response(request)
        return super().__call__(request)


class PagesOnlySessionMiddleware(_PagesOnly, SessionMiddleware):
    """Sessions for pages."""


class PagesOnlyAuthenticationMiddleware(_PagesOnly, AuthenticationMiddleware):
    """``request.user`` for pages."""


class PagesOnlyMessageMiddleware(_PagesOnly, MessageMiddleware):
    """One-time messages for pages."""


class PagesOnlyCsrfMiddleware(_PagesOnly, CsrfViewMiddleware):
    """CSRF protection for pages; API calls carry a token in a header, which no form can send."""

    def process_view(
        self,
        request: HttpRequest,
        callback: Callable[..., HttpResponseBase],
        callback_args: tuple[Any, ...],
        callback_kwargs: dict[str, Any],
    ) -> HttpResponseForbidden | None:
        """Leave API calls alone; Django calls this whatever ``__call__`` does."""
        if is_api_path(request.path_info):
            return None
        return super().process_view(request, callback, callback_args, callback_kwargs)


def _interaction_id(request: HttpRequest) -> str:
    given = request.headers.get(INTERACTION_ID_HEADER, "")
    return given if _UUID.fullmatch(given) else str(uuid4())


def _continue_trace(given: str) -> str:
    """Return the ``traceparent`` of our own span in the caller's trace, or in a new one (W3C Trace Context §3.2)."""
    match = _TRACEPARENT.fullmatch(given)
    trace_id, flags = match.groups() if match else (secrets.token_hex(16), "01")
    return f"00-{trace_id}-{secrets.token_hex(8)}-{flags}"


def _begin_span(request: HttpRequest, given: str, interaction_id: str) -> tracing.Span | None:
    if not tracing.is_on() or request.path.startswith(_PROBES):
        return None
    return tracing.begin(
        request.method or "",
        kind=tracing.SpanKind.SERVER,
        parent=given if _TRACEPARENT.fullmatch(given) else None,
        attributes={
            "http.request.method": request.method or "",
            "url.path": request.path,  # never the query: it may hold codes and states.
            "millrace.interaction_id": interaction_id,
        },
    )


def _end_span(span: tracing.Span, request: HttpRequest, response: HttpResponseBase) -> None:
    """Name the span after the route, known by now: a path with ids in it would be a name of its own each time."""
    route = f"/{request.resolver_match.route}" if request.resolver_match else ""
    span.end(
        name=f"{request.method} {route}".rstrip(),
        attributes={"http.route": route, "http.response.status_code": response.status_code},
        error=str(response.status_code) if response.status_code >= 500 else None,
    )
