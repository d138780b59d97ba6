"""Connected apps: who has access now, what happened, and how to end it."""

from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

from django.contrib import messages
from django.http import Http404, HttpRequest, HttpResponse, HttpResponseRedirect
from django.shortcuts import render
from django.urls import reverse
from django.utils.translation import gettext as _
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_http_methods, require_safe

from consents import selectors, services
from consents.errors import ConsentNotFound
from consents.history import history_of
from consents.models import Consent
from consents.ports import account_directory
from consents.screens.clusters import clusters_of
from consents.screens.session import SignedInCustomer, for_customers, page_context
from consents.screens.words import TONES, status_words
from consents.states import ConsentKind, ConsentStatus, EndedBy, may_move
from kernel import clock
from kernel.money import Money
from kernel.states import IllegalTransition


@never_cache
@require_safe
@for_customers
def connected_apps(request: HttpRequest, customer: SignedInCustomer) -> HttpResponse:
    """List what the customer granted: live access first, then what is over, and payments."""
    now = clock.now()
    shown = [_shown(consent, now=now) for consent in selectors.list_customer_consents(customer_id=customer.customer_id)]
    access = [entry for entry in shown if entry.consent.kind == ConsentKind.ACCOUNT_ACCESS]
    page = {
        "live": [entry for entry in access if entry.is_live],
        "over": [entry for entry in access if not entry.is_live],
        "payments": [entry for entry in shown if entry.consent.kind == ConsentKind.SINGLE_PAYMENT],
        **page_context(customer),
    }
    return render(request, "consents/connected_apps.html", page)


@never_cache
@require_safe
@for_customers
def connected_app(request: HttpRequest, customer: SignedInCustomer, consent_id: UUID) -> HttpResponse:
    """Show one consent: what it opens, which accounts, and its history."""
    consent = _own_consent(customer, consent_id)
    page = {
        "entry": _shown(consent, now=clock.now()),
        "consent": consent,
        "clusters": clusters_of(consent.permissions),
        "accounts": account_directory().describe(account_ids=selectors.list_account_ids(consent_id=consent.id)),
        "history": history_of(consent_id=consent.id, with_tokens=False),
        **page_context(customer),
    }
    return render(request, "consents/connected_app.html", page)


@never_cache
@require_http_methods(["GET", "POST"])
@for_customers
def end_connected_app(request: HttpRequest, customer: SignedInCustomer, consent_id: UUID) -> HttpResponse:
    """Ask once, then end the access at once."""
    consent = _own_consent(customer, consent_id)
    if request.method == "POST":
        _end(request, customer, consent)
        return HttpResponseRedirect(reverse("consents:connected-app", kwargs={"consent_id": consent.id}), status=303)
    page = {"entry": _shown(consent, now=clock.now()), "consent": consent, **page_context(customer)}
    return render(request, "consents/end_connected_app.html", page)


def _end(request: HttpRequest, customer: SignedInCustomer, consent: Consent) -> None:
    try:
        services.end_consent(
            consent_id=consent.id,
            customer_id=customer.customer_id,
            reason="Ended by the customer under connected apps",
            ended_by=EndedBy.CUSTOMER,
            now=clock.now(),
        )
    except IllegalTransition:
        messages.info(request, _("This access was over already."))
    else:
        name = consent.third_party.name
        messages.success(request, _("%(name)s can no longer see your accounts.") % {"name": name})


@dataclass(frozen=True, slots=True, kw_only=True)
class _Shown:
    """A consent as the list shows it."""

    consent: Consent
    status: str
    tone: str
    is_live: bool
    may_end: bool
    amount: Money | None


def _shown(consent: Consent, *, now: datetime) -> _Shown:
    """Word the status; a consent whose time is over reads so before the expiry job has been by."""
    status = consent.status_at(now)
    is_payment = consent.kind == ConsentKind.SINGLE_PAYMENT
    return _Shown(
        consent=consent,
        status=str(status_words(status, kind=consent.kind)),
        tone=TONES[status],
        is_live=status == ConsentStatus.AUTHORISED,
        may_end=status == ConsentStatus.AUTHORISED
        and may_move(kind=consent.kind, source=consent.status, target=ConsentStatus.ENDED),
        amount=Money(consent.terms.amount_minor, consent.terms.currency) if is_payment else None,
    )


def _own_consent(customer: SignedInCustomer, consent_id: UUID) -> Consent:
    """Return the customer's own consent; another's is as unknown as one that never was."""
    try:
        return selectors.get_consent_for_customer(customer_id=customer.customer_id, consent_id=consent_id)
    except ConsentNotFound:
        raise Http404 from None
