"""Who is signed in, how strongly and since when: the session's own record, never ``last_login``."""

from collections.abc import Callable
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from functools import wraps
from typing import Any, Concatenate, ParamSpec
from urllib.parse import urlencode
from uuid import UUID

from django.contrib.auth import login, logout
from django.http import HttpRequest, HttpResponse, HttpResponseBase, HttpResponseRedirect
from django.urls import reverse

from bankcore.ports import SignedIn
from kernel import clock, context

IDLE_AFTER = timedelta(minutes=5)
"""How long a customer may be idle before the session ends (RTS Art. 4(3)(d))."""

_RECORD = "sign_in"
_BACKEND = "django.contrib.auth.backends.ModelBackend"

P = ParamSpec("P")


@dataclass(frozen=True, slots=True, kw_only=True)
class SignedInCustomer:
    """The customer of this session, as the bank proved them."""

    customer_id: UUID
    full_name: str
    acr: str
    auth_time: datetime


View = Callable[Concatenate[HttpRequest, SignedInCustomer, P], HttpResponseBase]


def begin(request: HttpRequest, user: Any, signed_in: SignedIn, *, now: datetime) -> None:
    """Start a customer's session under a new session id."""
    request.session.flush()  # nothing of whoever sat here before is carried over.
    login(request, user, backend=_BACKEND)
    request.session[_RECORD] = {
        "acr": signed_in.acr,
        "auth_time": signed_in.auth_time.timestamp(),
        "seen_at": now.timestamp(),
    }


def current_customer(request: HttpRequest, *, now: datetime) -> SignedInCustomer | None:
    """Return the customer who is signed in; a session that was idle too long ends here."""
    record = request.session.get(_RECORD)
    if record is None or not request.user.is_authenticated:
        return None
    if now.timestamp() - record["seen_at"] > IDLE_AFTER.total_seconds():
        logout(request)
        return None
    request.session[_RECORD] = {**record, "seen_at": now.timestamp()}
    return SignedInCustomer(
        customer_id=request.user.pk,
        full_name=request.user.full_name,
        acr=record["acr"],
        auth_time=datetime.fromtimestamp(record["auth_time"], tz=UTC),
    )


def end(request: HttpRequest) -> None:
    """End the session and all that it holds."""
    logout(request)


def for_customers(view: View[P]) -> Callable[Concatenate[HttpRequest, P], HttpResponseBase]:
    """Hand the signed-in customer to a view; whoever is not signed in does that first, then comes back."""

    @wraps(view)
    def guarded(request: HttpRequest, /, *args: P.args, **kwargs: P.kwargs) -> HttpResponseBase:
        customer = current_customer(request, now=clock.now())
        if customer is None:
            return to_sign_in(request.path)
        with context.acting(actor=f"customer:{customer.customer_id}"):
            return view(request, customer, *args, **kwargs)

    return guarded


def to_sign_in(next_path: str) -> HttpResponse:
    """Send the browser to the sign-in page; it comes back to ``next_path``, which is one of our own."""
    return HttpResponseRedirect(f"{reverse('consents:sign-in')}?{urlencode({'next': next_path})}", status=303)


def page_context(customer: SignedInCustomer | None) -> dict[str, Any]:
    """Return what every page shows of the session."""
    return {"customer": customer, "idle_minutes": int(IDLE_AFTER.total_seconds() // 60)}
