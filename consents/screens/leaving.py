"""The way back to the third party, and the policy that lets a browser take it."""

from collections.abc import Callable
from datetime import datetime
from functools import wraps
from typing import Concatenate, ParamSpec
from uuid import UUID

from django.http import HttpRequest, HttpResponse, HttpResponseBase
from django.utils.translation import gettext as _

from edge.pages import error_page
from oauth import services as oauth_services
from oauth.errors import PushedRequestNotFound, PushedRequestOver

P = ParamSpec("P")

View = Callable[Concatenate[HttpRequest, P], HttpResponseBase]


def leave(address: str) -> HttpResponse:
    """Send the browser back to the third party: 303, so that no form is posted on (FAPI 2.0 §5.3.2.2)."""
    return HttpResponse(status=303, headers={"Location": address, "Cache-Control": "no-store"})


def leave_refused(*, request_id: UUID, now: datetime) -> HttpResponse:
    """Use up the request with ``access_denied`` and send the browser back with it."""
    return leave(oauth_services.refuse_request(request_id=request_id, error="access_denied", now=now))


def allow_leaving_to(response: HttpResponse, origin: str) -> HttpResponse:
    """
    Let the page's forms end at the third party.

    Browsers apply ``form-action`` to every redirect that follows a form, so the page that holds the form
    must name the origin of the redirect URI.
    """
    response._csp_update = {"form-action": [origin]}  # type: ignore[attr-defined]  # django-csp reads it.
    return response


def for_open_requests(view: View[P]) -> View[P]:
    """Say so on a page where the view finds the authorisation request unknown, or over: also where it lost a race."""

    @wraps(view)
    def guarded(request: HttpRequest, /, *args: P.args, **kwargs: P.kwargs) -> HttpResponseBase:
        try:
            return view(request, *args, **kwargs)
        except PushedRequestNotFound:
            return _request_unknown(request)
        except PushedRequestOver:
            return _request_over(request)

    return guarded


def _request_over(request: HttpRequest) -> HttpResponse:
    return error_page(
        request,
        status=410,
        title=_("This request is over"),
        what=_("It was answered already, or it was open for too long."),
        then=_("Go back to the app or website that sent you here and start again. Nothing more happens here."),
    )


def _request_unknown(request: HttpRequest) -> HttpResponse:
    return error_page(
        request,
        status=404,
        title=_("We do not know this request"),
        what=_("The address may be incomplete, or the request is long past."),
        then=_("Go back to the app or website that sent you here and start again."),
    )
