"""Where a customer says yes or no to a third party: who asks, what for, for how long, from which accounts."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any
from uuid import UUID

from django import forms as django_forms
from django.core.exceptions import PermissionDenied
from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_http_methods, require_POST

from consents import selectors, services
from consents.errors import AccountNotOwned, NotWhatWasShown, WrongCustomer
from consents.linking import shown_mark
from consents.models import Consent
from consents.ports import AccountChoice, account_directory
from consents.screens.clusters import clusters_of
from consents.screens.forms import APPROVE, DECLINE, AccountsForm, PaymentForm
from consents.screens.leaving import allow_leaving_to, for_open_requests, leave, leave_refused
from consents.screens.session import SignedInCustomer, for_customers, page_context
from consents.screens.words import readable_number
from consents.states import ConsentKind, ConsentStatus
from kernel import clock
from kernel.money import Money
from kernel.states import IllegalTransition
from oauth import selectors as oauth_selectors
from oauth.selectors import PendingRequest


@dataclass(frozen=True, slots=True, kw_only=True)
class _Visit:
    """One customer before one request."""

    request: HttpRequest
    customer: SignedInCustomer
    pushed: PendingRequest
    consent: Consent
    now: datetime


@never_cache
@require_http_methods(["GET", "POST"])
@for_open_requests
@for_customers
def authorise(request: HttpRequest, customer: SignedInCustomer, request_id: UUID) -> HttpResponse:
    """Show the request and take the answer. What is granted comes from the push, never from the form."""
    now = clock.now()
    try:
        pushed = oauth_selectors.get_pushed_request(request_id=request_id, now=now)
        consent = selectors.get_requested_consent(consent_id=pushed.consent_id)
        if not _may_answer(consent, customer):
            return leave_refused(request_id=request_id, now=now)
        visit = _Visit(request=request, customer=customer, pushed=pushed, consent=consent, now=now)
        return _answer(visit) if request.method == "POST" else _show(visit)
    except (IllegalTransition, WrongCustomer):
        return leave_refused(request_id=request_id, now=now)


@never_cache
@require_POST
@for_open_requests
def cancel(request: HttpRequest, request_id: UUID) -> HttpResponse:
    """Go back without an answer, also before signing in: the consent goes on waiting."""
    return leave_refused(request_id=request_id, now=clock.now())


def _may_answer(consent: Consent, customer: SignedInCustomer) -> bool:
    is_theirs = consent.customer_id in {None, customer.customer_id}
    return is_theirs and consent.status == ConsentStatus.AWAITING_AUTHORISATION


def _answer(visit: _Visit) -> HttpResponse:
    decision = visit.request.POST.get("decision")
    if decision == DECLINE:
        return leave(
            services.reject_consent(
                request_id=visit.pushed.request_id, customer_id=visit.customer.customer_id, now=visit.now
            )
        )
    form = _form(visit)
    if decision != APPROVE or not form.is_valid():
        return _show(visit, form, status=422)
    try:
        return leave(_approve(visit, form))
    except (AccountNotOwned, NotWhatWasShown) as refusal:
        raise PermissionDenied from refusal


def _approve(visit: _Visit, form: django_forms.Form) -> str:
    who: dict[str, Any] = {
        "request_id": visit.pushed.request_id,
        "customer_id": visit.customer.customer_id,
        "acr": visit.customer.acr,
        "auth_time": visit.customer.auth_time,
        "now": visit.now,
    }
    if visit.consent.kind == ConsentKind.SINGLE_PAYMENT:
        return services.authorise_single_payment(**who, **form.cleaned_data)
    return services.authorise_account_access(**who, **form.cleaned_data)


def _form(visit: _Visit) -> django_forms.Form:
    kind = PaymentForm if visit.consent.kind == ConsentKind.SINGLE_PAYMENT else AccountsForm
    return kind(visit.request.POST)


def _show(visit: _Visit, form: django_forms.Form | None = None, *, status: int = 200) -> HttpResponse:
    is_payment = visit.consent.kind == ConsentKind.SINGLE_PAYMENT
    page = {
        "asking": visit.pushed,
        "consent": visit.consent,
        "form": form,
        **page_context(visit.customer),
        **(_payment_page(visit, form) if is_payment else _account_page(visit, form)),
    }
    template = "consents/authorise_payment.html" if is_payment else "consents/authorise_accounts.html"
    response = render(visit.request, template, page, status=status)
    return allow_leaving_to(response, visit.pushed.redirect_origin)


def _account_page(visit: _Visit, form: django_forms.Form | None) -> dict[str, Any]:
    choices = account_directory().choices(customer_id=visit.customer.customer_id)
    chosen = set(visit.request.POST.getlist("account_ids")) if form else set()
    return {
        "clusters": clusters_of(visit.consent.permissions),
        "choices": [
            {"account": choice, "is_chosen": choice.account_id.hex in chosen or len(choices) == 1} for choice in choices
        ],
    }


def _payment_page(visit: _Visit, form: django_forms.Form | None) -> dict[str, Any]:
    terms = visit.consent.terms
    amount = Money(terms.amount_minor, terms.currency)
    choices = _paying_accounts(visit)
    chosen = visit.request.POST.get("account_id") if form else _usual_choice(choices, amount)
    return {
        "terms": terms,
        "amount": amount,
        "creditor_number": readable_number(terms.creditor_scheme, terms.creditor_identification),
        "shown": shown_mark(terms=terms, customer_id=visit.customer.customer_id),
        "choices": [
            {
                "account": choice,
                "is_chosen": choice.account_id.hex == chosen,
                "is_short": not _covers(choice, amount),
            }
            for choice in choices
        ],
    }


def _paying_accounts(visit: _Visit) -> Sequence[AccountChoice]:
    """Return the accounts that may pay: the one that the third party named, or all."""
    directory = account_directory()
    terms = visit.consent.terms
    choices = directory.choices(customer_id=visit.customer.customer_id)
    if not terms.debtor_identification:
        return choices
    named = directory.identified(scheme=terms.debtor_scheme, identification=terms.debtor_identification)
    return [choice for choice in choices if choice.account_id == named]


def _usual_choice(choices: Sequence[AccountChoice], amount: Money) -> str | None:
    """Return the first account that can pay, or the first at all."""
    able = [choice for choice in choices if _covers(choice, amount)]
    first = next(iter([*able, *choices]), None)
    return first.account_id.hex if first else None


def _covers(choice: AccountChoice, amount: Money) -> bool:
    balance = choice.balance
    return balance is None or (balance.currency == amount.currency and balance.amount_minor >= amount.amount_minor)
