"""Consents as the bank's staff see them: to find, to read, and to end with a reason."""

import re
from collections.abc import Sequence
from typing import Any
from uuid import UUID

from django.contrib import admin
from django.contrib.auth import get_user_model
from django.db.models import Q, QuerySet
from django.http import HttpRequest
from django.utils.html import format_html, format_html_join
from django.utils.safestring import SafeString
from django.utils.translation import gettext_lazy as _

from consents import selectors, services
from consents.history import Told, history_of
from consents.models import Consent
from consents.ports import account_directory
from consents.screens.words import TONES, readable_number
from consents.states import ConsentKind, ConsentStatus, EndedBy, may_move
from edge.staff import COMPLIANCE, EVERYONE, SUPPORT, ReasonedAction, StaffModelAdmin, TimelineEntry
from edge.templatetags.bank_words import money
from kernel import clock
from kernel.money import Money

_ACCOUNT = re.compile(r"(\d{2})[- ]?(\d{2})[- ]?(\d{2})[- ]+(?:\d{4})?(\d{4})", re.ASCII)
"""What a caller can say of an account: the sort code, and the number or its last four digits."""


def _may_end(consent: Consent) -> bool:
    return may_move(kind=consent.kind, source=consent.status, target=ConsentStatus.ENDED)


def _end(_request: HttpRequest, consent: Consent, reason: str) -> None:
    services.end_consent(consent_id=consent.id, reason=reason, ended_by=EndedBy.STAFF, now=clock.now())


@admin.register(Consent)
class ConsentAdmin(StaffModelAdmin):
    """Found by what a caller can say; ended through the same service as everywhere."""

    seen_by = EVERYONE
    reasoned_actions = (
        ReasonedAction(
            name="end",
            label=_("End this consent"),
            consequence=_(
                "The third party’s next call is refused, its tokens end, and it is told. It cannot be undone."
            ),
            perform=_end,
            acted_by=frozenset({SUPPORT, COMPLIANCE}),
            is_possible=_may_end,
            done=_("The consent has ended."),
        ),
    )
    list_display = ("number", "third_party", "customer", "kind", "state", "created_at")
    list_select_related = ("third_party", "customer")
    list_filter = ("status", "kind")
    search_fields = ("id",)
    search_help_text = _(
        "Consent id, third party, customer’s name, or sort code with the last four digits: 00-09-26 1234"
    )
    fieldsets = (
        (None, {"fields": ("state", "kind", "third_party", "client_id", "customer", "accounts", "payment")}),
        (_("What it opens"), {"fields": ("permissions_shown", "transactions_from", "transactions_to")}),
        (
            _("Times"),
            {
                "fields": (
                    "created_at",
                    "authorised_at",
                    "expires_at",
                    "status_updated_at",
                    "ended_at",
                    "ended_by",
                    "end_reason",
                )
            },
        ),
        (_("Came in by"), {"fields": ("face", "face_version")}),
    )

    def get_search_results(
        self, request: HttpRequest, queryset: QuerySet[Consent], search_term: str
    ) -> tuple[QuerySet[Consent], bool]:
        """Find by id, by account, or by the names of third party and customer."""
        term = search_term.strip()
        if not term:
            return queryset, False
        if (consent_id := _read_id(term)) is not None:
            return queryset.filter(id=consent_id), False
        if (account := _ACCOUNT.fullmatch(term)) is not None:
            sort_code, last_four = "".join(account.groups()[:3]), account[4]
            account_ids = account_directory().find(sort_code=sort_code, last_four=last_four)
            covering = selectors.list_consent_ids_covering(account_ids=account_ids)
            return queryset.filter(id__in=covering), False
        return queryset.filter(Q(third_party__name__icontains=term) | Q(customer__full_name__icontains=term)), False

    def timeline(self, row: Consent) -> Sequence[TimelineEntry]:
        """Tell the history from the event log, with the names of the staff who acted."""
        told = history_of(consent_id=row.id)
        names = _staff_names(told)
        return [
            TimelineEntry(at=fact.at, actor=names.get(fact.actor_id, str(fact.actor)), what=fact.what, why=fact.why)
            for fact in told
        ]

    @admin.display(description=_("Consent"))
    def number(self, consent: Consent) -> SafeString:
        """Show the id as third parties know it."""
        return format_html("<code>{}</code>", consent.id.hex)

    @admin.display(description=_("State"))
    def state(self, consent: Consent) -> SafeString:
        """Show the status as a word with a shape."""
        status = ConsentStatus(consent.status)
        return format_html('<span class="pill {}">{}</span>', TONES[status], status.label)

    @admin.display(description=_("Permissions"))
    def permissions_shown(self, consent: Consent) -> str:
        """List the codes that the third party asked for."""
        return ", ".join(consent.permissions) or "–"

    @admin.display(description=_("Accounts"))
    def accounts(self, consent: Consent) -> str | SafeString:
        """List the accounts, masked."""
        described = account_directory().describe(account_ids=selectors.list_account_ids(consent_id=consent.id))
        lines = format_html_join("", "<li>{} {}</li>", ((one.name, one.masked_number) for one in described))
        return format_html("<ul>{}</ul>", lines) if described else "–"

    @admin.display(description=_("Payment"))
    def payment(self, consent: Consent) -> str:
        """Say what is paid, and to whom."""
        if consent.kind != ConsentKind.SINGLE_PAYMENT:
            return "–"
        terms = consent.terms
        number = readable_number(terms.creditor_scheme, terms.creditor_identification)
        return f"{money(Money(terms.amount_minor, terms.currency))} → {terms.creditor_name}, {number}"


def _read_id(term: str) -> UUID | None:
    try:
        return UUID(hex=term)
    except ValueError:
        return None


def _staff_names(told: Sequence[Told]) -> dict[str, str]:
    """Return the names of the staff among the actors, by the id that the log holds."""
    ids = {fact.actor_id for fact in told if fact.actor_kind == "staff"}
    users: Any = get_user_model()._default_manager.filter(pk__in=ids)
    return {str(user.pk): str(user) for user in users}
