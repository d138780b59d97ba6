"""The event log's page: payloads are masked, looking at one is an event itself."""

from typing import ClassVar

from django.contrib import admin
from django.http import HttpRequest, HttpResponse
from django.utils.safestring import SafeString
from django.utils.translation import gettext_lazy as _

from edge.staff import AUDITOR, COMPLIANCE, EVERYONE, ReasonedAction, StaffModelAdmin
from kernel import clock
from streaming.admin.payloads import as_block, indented, revealed_page
from streaming.models import StoredEvent
from streaming.selectors import read_payload
from streaming.services import reveal_payload


def _reveal(request: HttpRequest, event: StoredEvent, reason: str) -> HttpResponse:
    payload = reveal_payload(event_id=event.event_id, reason=reason, now=clock.now())
    return revealed_page(request, event, title=event.type, payload=indented(payload))


@admin.register(StoredEvent)
class StoredEventAdmin(StaffModelAdmin):
    """The event log, newest first."""

    seen_by: ClassVar[frozenset[str]] = EVERYONE
    keyset_field: ClassVar[str] = "event_id"
    reasoned_actions = (
        ReasonedAction(
            name="reveal",
            label=_("Show the payload"),
            consequence=_("You will see personal data. That you looked, and why, is recorded."),
            perform=_reveal,
            acted_by=frozenset({COMPLIANCE, AUDITOR}),
            is_destructive=False,
        ),
    )
    list_display = ("recorded_at", "type", "aggregate_type", "aggregate_id", "version", "actor")
    search_fields = (
        "event_id__exact",
        "correlation_id__exact",
        "causation_id__exact",
        "consent_id__exact",
        "third_party_id__exact",
        "customer_id__exact",
    )
    search_help_text = _("An id: of an event, a consent, a third party, a customer, a call.")
    fields = (
        "event_id",
        "type",
        "schema_version",
        "aggregate_type",
        "aggregate_id",
        "version",
        "occurred_at",
        "recorded_at",
        "actor",
        "correlation_id",
        "causation_id",
        "traceparent",
        "customer_id",
        "third_party_id",
        "consent_id",
        "topic",
        "key",
        "masked_payload",
    )
    readonly_fields = fields

    @admin.display(description=_("payload"))
    def masked_payload(self, event: StoredEvent) -> SafeString:
        """Show the payload without its personal fields."""
        shown = read_payload(type_name=event.type, payload=bytes(event.payload), is_masked=True)
        return as_block(indented(shown))
