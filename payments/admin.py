"""Payment orders as the bank's staff see them: to find and to read; only the core moves them."""

from collections.abc import Mapping, Sequence
from types import MappingProxyType
from uuid import UUID

from django.contrib import admin
from django.db.models import Q, QuerySet
from django.http import HttpRequest
from django.utils.html import format_html
from django.utils.safestring import SafeString
from django.utils.translation import gettext_lazy as _

from consents.ports import account_directory
from edge.staff import EVERYONE, StaffModelAdmin, TimelineEntry
from edge.templatetags.bank_words import money
from kernel.money import Money
from oauth import selectors as oauth_selectors
from payments.models import Payment
from payments.states import PaymentStatus
from streaming import selectors as log

_TONES: Mapping[str, str] = MappingProxyType(
    {PaymentStatus.ACSC: "yes", PaymentStatus.ACCC: "yes", PaymentStatus.RJCT: "no", PaymentStatus.BLCK: "no"}
)
"""The colour of a status; those that are not named are under way."""


@admin.register(Payment)
class PaymentAdmin(StaffModelAdmin):
    """Found by payment, consent, third party or customer; the history comes from the event log."""

    seen_by = EVERYONE
    list_display = ("id", "created_at", "amount", "creditor_name", "state", "status_updated_at")
    list_filter = ("status",)
    search_fields = ("id",)
    search_help_text = _("Id of the payment, its consent, its third party or its customer; or the core’s reference")
    fieldsets = (
        (None, {"fields": ("state", "reason_code", "reason_text", "core_reference")}),
        (_("What is paid"), {"fields": ("amount", "debtor", "creditor_name", "creditor_account", "reference")}),
        (_("Who asked"), {"fields": ("third_party", "client_id", "customer_id", "consent_id")}),
        (
            _("References and times"),
            {
                "fields": (
                    "end_to_end_identification",
                    "instruction_identification",
                    "created_at",
                    "status_updated_at",
                )
            },
        ),
    )

    def get_search_results(
        self, request: HttpRequest, queryset: QuerySet[Payment], search_term: str
    ) -> tuple[QuerySet[Payment], bool]:
        """Find by whichever id was given, or by the core's reference."""
        term = search_term.strip()
        if not term:
            return queryset, False
        try:
            given = UUID(term)
        except ValueError:
            return queryset.filter(core_reference=term), False
        return queryset.filter(
            Q(id=given) | Q(consent_id=given) | Q(third_party_id=given) | Q(customer_id=given)
        ), False

    def timeline(self, row: Payment) -> Sequence[TimelineEntry]:
        """Tell the history from the event log."""
        return [
            TimelineEntry(
                at=event.occurred_at,
                actor=event.actor,
                what=PaymentStatus(event.payload["status"]).label,
                why=event.payload.get("reason_code") or "",
            )
            for event in log.list_events(aggregate=("payment", str(row.id)))
        ]

    @admin.display(description=_("State"))
    def state(self, payment: Payment) -> SafeString:
        """Show the status as a word with a shape."""
        status = PaymentStatus(payment.status)
        return format_html('<span class="pill {}">{} ({})</span>', _TONES.get(status, "wait"), status.label, status)

    @admin.display(description=_("Amount"))
    def amount(self, payment: Payment) -> str:
        """Write the amount as people read it."""
        return money(Money(payment.amount_minor, payment.currency))

    @admin.display(description=_("Third party"))
    def third_party(self, payment: Payment) -> str:
        """Name the third party that made the payment."""
        names = oauth_selectors.get_third_party_names([payment.third_party_id])
        return f"{names.get(payment.third_party_id, '–')} ({payment.third_party_id})"

    @admin.display(description=_("From"))
    def debtor(self, payment: Payment) -> str:
        """Name the account that pays, its number masked."""
        described = account_directory().describe(account_ids=[payment.debtor_account_id])
        return f"{described[0].name} {described[0].masked_number}" if described else str(payment.debtor_account_id)

    @admin.display(description=_("To account"))
    def creditor_account(self, payment: Payment) -> str:
        """Show the payee's account, masked but for its end."""
        return f"•••• {payment.creditor_identification[-4:]}"
