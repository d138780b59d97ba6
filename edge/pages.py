"""What every page needs: the institution's name and colours, the reference id, the pages for errors."""

import sys
from http import HTTPStatus
from typing import Any, TypeAlias

from django.conf import settings
from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.utils.functional import Promise
from django.utils.translation import gettext as _
from django.views.decorators.cache import cache_control
from django.views.decorators.http import require_safe

from edge.middleware import is_api_path
from edge.problems import answer_unavailable, problem
from edge.theme import current_theme
from edge.transient import is_transient
from kernel import context

Words: TypeAlias = str | Promise
"""What a person reads: a text, or one that is translated when it is shown."""


def institution(request: HttpRequest) -> dict[str, Any]:
    """Give templates the bank's name, mark, colours and help line, and the call's reference id."""
    theme = current_theme()
    return {
        "institution": {
            "name": settings.INSTITUTION_NAME,
            "help_line": settings.HELP_LINE,
            "mark": theme.mark,
            "theme_version": theme.version,
        },
        "is_sandbox": settings.SANDBOX,
        "reference_id": context.current().correlation_id,
    }


@require_safe
@cache_control(public=True, max_age=31_536_000, immutable=True)
def theme_stylesheet(request: HttpRequest, version: str) -> HttpResponse:
    """Serve the bank's colours; the address changes with them, so a browser may keep it for ever."""
    return HttpResponse(current_theme().stylesheet, content_type="text/css; charset=utf-8")


def bad_request(request: HttpRequest, exception: Exception | None = None) -> HttpResponse:
    """Answer a request that makes no sense (``handler400``)."""
    return error_page(
        request,
        status=400,
        title=_("We could not understand that"),
        what=_("The page was sent something that it does not expect."),
        then=_("Go back to where you came from and try again."),
    )


def forbidden(request: HttpRequest, exception: Exception | None = None) -> HttpResponse:
    """Answer a request that is not allowed (``handler403``)."""
    return error_page(
        request,
        status=403,
        title=_("You cannot do this"),
        what=_("Either this is not yours to see or to change, or you are signed in as somebody else."),
        then=_("If you think this is wrong, call us and give the reference below."),
    )


def not_found(request: HttpRequest, exception: Exception | None = None) -> HttpResponse:
    """Answer a request for a page that does not exist (``handler404``)."""
    return error_page(
        request,
        status=404,
        title=_("There is no page here"),
        what=_("The address may be mistyped, or the page is no longer there."),
        then=_("Check the address, or go back to where you came from."),
    )


def server_error(request: HttpRequest) -> HttpResponse:
    """Answer when something broke (``handler500``), or when the database cannot do it at the moment."""
    error = sys.exception()
    if error is not None and is_transient(error):
        return _unavailable(request, error)
    return error_page(
        request,
        status=500,
        title=_("Something went wrong on our side"),
        what=_("Nothing was shared and nothing was paid by this step, unless you were told so before."),
        then=_("Try again in a minute. If it happens again, call us and give the reference below."),
    )


def _unavailable(request: HttpRequest, error: BaseException) -> HttpResponse:
    answer = answer_unavailable(error)
    if is_api_path(request.path_info):
        return answer
    page = error_page(
        request,
        status=answer.status_code,
        title=_("We cannot do this at the moment"),
        what=_("The bank's records cannot be reached."),
        then=_("Try again in a minute, and look first whether the step was done."),
    )
    page["retry-after"] = answer["retry-after"]
    return page


def csrf_failure(request: HttpRequest, reason: str = "") -> HttpResponse:
    """Answer a form that did not come from our own page (``CSRF_FAILURE_VIEW``)."""
    return error_page(
        request,
        status=403,
        title=_("This form is no longer valid"),
        what=_("The page was open for too long, or you signed in or out in another window. Nothing was changed."),
        then=_("Go back, load the page again and repeat the step."),
    )


def error_page(request: HttpRequest, *, status: int, title: str, what: str, then: str) -> HttpResponse:
    """
    Say what happened, what to do, and the reference id; never a stack trace.

    Programs get problem details instead of a page.
    """
    if is_api_path(request.path_info):
        return problem(status, code=HTTPStatus(status).name.lower())
    page = {"title": title, "what": what, "then": then}
    response = render(request, "edge/error.html", page, status=status)
    response["Cache-Control"] = "no-store"
    return response
