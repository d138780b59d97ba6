"""Sign in and out, through whatever the bank proves its customers with."""

from datetime import datetime
from uuid import UUID

from django.conf import settings
from django.http import HttpRequest, HttpResponse, HttpResponseRedirect
from django.shortcuts import render
from django.urls import Resolver404, resolve, reverse
from django.utils.http import url_has_allowed_host_and_scheme
from django.views.decorators.cache import never_cache
from django.views.decorators.debug import sensitive_post_parameters
from django.views.decorators.http import require_http_methods, require_POST

from bankcore.ports import SignedIn, customer_sign_in
from consents.screens import session
from consents.screens.forms import SignInForm
from consents.screens.leaving import allow_leaving_to
from edge import attempts
from kernel import clock
from kernel.identifiers import entity_id
from oauth import selectors as oauth_selectors
from oauth import services as oauth_services
from oauth.errors import PushedRequestNotFound, PushedRequestOver
from oauth.selectors import PendingRequest


@never_cache
@sensitive_post_parameters("password")
@require_http_methods(["GET", "POST"])
def sign_in(request: HttpRequest) -> HttpResponse:
    """Ask who the customer is, then go on to where they were going."""
    now = clock.now()
    form = SignInForm(request.POST or None)
    next_path = _inner_path(request, request.POST.get("next") or request.GET.get("next") or "")
    if request.method == "POST" and form.is_valid():
        if not attempts.admit(form.cleaned_data["username"]):
            form.add_error(None, SignInForm.BLOCKED)
        elif (signed_in := _authenticate(form, now=now)) is not None:
            _begin(request, signed_in, now=now)
            return HttpResponseRedirect(next_path, status=303)
    return _page(request, form, next_path, now=now)


@never_cache
@require_POST
def sign_out(request: HttpRequest) -> HttpResponse:
    """End the session."""
    session.end(request)
    return render(request, "consents/signed_out.html")


def _authenticate(form: SignInForm, *, now: datetime) -> SignedIn | None:
    """Ask the bank; every failure reads the same."""
    username, password = form.cleaned_data["username"], form.cleaned_data["password"]
    signed_in = customer_sign_in().authenticate(username=username, secret=password, now=now)
    if signed_in is None:
        form.add_error(None, SignInForm.REFUSED)
        return None
    attempts.forget(username)
    return signed_in


def _begin(request: HttpRequest, signed_in: SignedIn, *, now: datetime) -> None:
    party_id = entity_id(settings.INSTITUTION, "party", signed_in.customer_reference)
    user = oauth_services.get_or_create_customer(
        party_id=party_id, username=signed_in.customer_reference, full_name=signed_in.full_name
    )
    session.begin(request, user, signed_in, now=now)


def _page(request: HttpRequest, form: SignInForm, next_path: str, *, now: datetime) -> HttpResponse:
    asking = _asking_request(next_path, now=now)
    page = {
        "form": form,
        "next": next_path,
        "asking": asking,
        "is_password_of_a_sandbox": settings.SANDBOX,
        **session.page_context(None),
    }
    status = 200 if request.method == "GET" else 429 if form.has_error("__all__", "blocked") else 422
    response = render(request, "consents/sign_in.html", page, status=status)
    return allow_leaving_to(response, asking.redirect_origin) if asking else response


def _inner_path(request: HttpRequest, wished: str) -> str:
    """Return where to go next: a path of our own, or the dashboard; never another site."""
    is_path = wished.startswith("/") and not wished.startswith("//")
    if is_path and url_has_allowed_host_and_scheme(wished, allowed_hosts=None):
        return wished
    return reverse("consents:dashboard")


def _asking_request(next_path: str, *, now: datetime) -> PendingRequest | None:
    """Return the authorisation request that the customer is on the way to, if it is one."""
    try:
        match = resolve(next_path.partition("?")[0])
    except Resolver404:
        return None
    request_id = match.kwargs.get("request_id")
    if match.view_name != "consents:authorise" or not isinstance(request_id, UUID):
        return None
    try:
        return oauth_selectors.get_pushed_request(request_id=request_id, now=now)
    except (PushedRequestNotFound, PushedRequestOver):
        return None
