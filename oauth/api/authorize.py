"""``GET /oauth/authorize``: the customer's browser arrives with a pushed request."""

from http import HTTPStatus

from django.http import HttpRequest, HttpResponse, HttpResponseRedirect
from django.utils.translation import gettext as _
from django.views.decorators.http import require_safe

from edge.pages import error_page
from kernel import clock
from oauth.errors import InvalidRequest, InvalidRequestUri, OAuthRefusal
from oauth.forms import Form, parse_form
from oauth.interaction import interaction
from oauth.services import open_request


class SeeOther(HttpResponseRedirect):
    """A redirect that turns whatever was sent into a GET (FAPI 2.0 §5.3.2.2: 303, never 307)."""

    status_code = HTTPStatus.SEE_OTHER


@require_safe
def authorize(request: HttpRequest) -> HttpResponse:
    """
    Lead the customer to the screens of a pushed request.

    Only ``client_id`` and ``request_uri`` are read (RFC 9126 §4): what else the address carries is ignored.
    A request that cannot be trusted is answered by a page and never by a redirect (RFC 6749 §4.1.2.1).
    """
    try:
        client_id, request_uri = _read(request)
        request_id = open_request(client_id=client_id, request_uri=request_uri, now=clock.now())
    except OAuthRefusal as refusal:
        return _refuse(request, refusal)
    response = SeeOther(interaction().start(request_id=request_id))
    response["Cache-Control"] = "no-store"
    return response


def _read(request: HttpRequest) -> tuple[str, str]:
    form: Form = parse_form(request.META.get("QUERY_STRING", ""))
    if "client_id" not in form or "request_uri" not in form:
        raise InvalidRequest  # FAPI 2.0 §5.3.2.2: nothing but pushed requests.
    return form["client_id"], form["request_uri"]


def _refuse(request: HttpRequest, refusal: OAuthRefusal) -> HttpResponse:
    if isinstance(refusal, InvalidRequestUri):
        what = _("This request has expired, or was answered already.")
    else:
        what = _("The app that sent you here did not ask in the way we require.")
    page = error_page(
        request,
        status=refusal.status,
        title=_("We cannot continue with this request"),
        what=what,
        then=_("Nothing was shared and nothing was paid. Go back to the app and start again."),
    )
    page["X-OAuth-Error"] = refusal.code
    return page
