"""Every call gets its identifiers; API paths get nothing that only pages need."""

from uuid import UUID

import pytest
from django.http import HttpResponse
from django.test import RequestFactory

from edge import middleware
from kernel import context

GIVEN = "93BAC548-d2de-4546-b106-880a5018460d"


def _call(path: str = "/", **headers: str):
    seen: list[context.CallContext] = []

    def view(_request):
        seen.append(context.current())
        return HttpResponse(status=404)

    answer = middleware.CallContextMiddleware(view)(RequestFactory().get(path, headers=headers))
    return answer, seen[0]


def test_the_interaction_id_of_the_caller_is_echoed_to_the_letter_and_correlates():
    answer, seen = _call(**{"x-fapi-interaction-id": GIVEN})

    assert answer.headers["x-fapi-interaction-id"] == GIVEN
    assert seen.correlation_id == GIVEN


@pytest.mark.parametrize("given", ["", "nonsense", GIVEN + "0", GIVEN + "\r\nx: y", "{" + GIVEN + "}", "0" * 32])
def test_what_is_no_uuid_is_replaced_by_a_fresh_one(given):
    answer, seen = _call(**{"x-fapi-interaction-id": given})

    assert str(UUID(answer.headers["x-fapi-interaction-id"])) == seen.correlation_id != given


def test_a_trace_is_continued_with_a_span_of_our_own():
    given = "00-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-01"
    _, seen = _call(traceparent=given)

    assert seen.traceparent.startswith("00-4bf92f3577b34da6a3ce929d0e0e4736-")
    assert seen.traceparent != given


@pytest.mark.parametrize("given", ["", "00-" + "0" * 32 + "-00f067aa0ba902b7-01", "ff-x-y-z"])
def test_a_trace_begins_where_none_came(given):
    _, seen = _call(traceparent=given)

    assert len(seen.traceparent) == 55


def test_the_context_ends_with_the_call():
    _call()

    assert context.current().correlation_id is None


@pytest.mark.parametrize(
    "path", ["/open-banking/v4.0/aisp/accounts", "/oauth/token", "/webhooks/endpoints", "/livez", "/openapi.json"]
)
def test_programs_call_these(path):
    assert middleware.is_api_path(path)


@pytest.mark.parametrize("path", ["/", "/sign-in", "/oauth/authorize", "/authorise/1", "/admin/", "/docs/api"])
def test_browsers_call_these(path):
    assert not middleware.is_api_path(path)


def test_a_page_has_a_session_and_an_api_call_has_none():
    def has_session(path: str) -> bool:
        request = RequestFactory().get(path)
        middleware.PagesOnlySessionMiddleware(lambda _: HttpResponse())(request)
        return hasattr(request, "session")

    assert has_session("/sign-in")
    assert not has_session("/oauth/token")
