"""Events and dead letters for the bank's staff: payloads are masked, looking at one is an event itself."""

import json
from collections.abc import Mapping
from typing import Any, ClassVar

from django.contrib import admin
from django.http import HttpRequest, HttpResponse
from django.template.response import TemplateResponse
from django.utils.html import format_html
from django.utils.safestring import SafeString
from django.utils.translation import gettext_lazy as _

from edge.staff import AUDITOR, COMPLIANCE, EVERYONE, OPERATOR, ReasonedAction, StaffModelAdmin
from kernel import clock
from streaming.models import DeadLetter, StoredEvent
from streaming.selectors import read_payload
from streaming.services import reveal_payload


def _reveal(request: HttpRequest, event: StoredEvent, reason: str) -> HttpResponse:
    payload = reveal_payload(event_id=event.event_id, reason=reason, now=clock.now())
    page = {
        **admin.site.each_context(request),
        "title": event.type,
        "opts": StoredEvent._meta,
        "original": event,
        "payload": _pretty(payload),
    }
    return TemplateResponse(request, "admin/streaming/payload.html", page)


def _pretty(payload: Mapping[str, Any]) -> str:
    return json.dumps(payload, indent=2, ensure_ascii=False)


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
        return format_html("<pre>{}</pre>", _pretty(shown))


@admin.register(DeadLetter)
class DeadLetterAdmin(StaffModelAdmin):
    """Records that a consumer could not apply, newest first; what they hold is not shown."""

    seen_by: ClassVar[frozenset[str]] = frozenset({OPERATOR, COMPLIANCE, AUDITOR})
    keyset_field: ClassVar[str] = "id"
    list_display = ("created_at", "group", "topic", "partition", "offset", "error", "attempts", "state")
    list_filter = ("state",)
    search_fields = ("key__exact", "event_id__exact", "group__exact")
    search_help_text = _("A key, an event id or a group.")
    fields = (
        "created_at",
        "group",
        "topic",
        "partition",
        "offset",
        "key",
        "event_id",
        "error",
        "attempts",
        "state",
        "resolved_by",
        "size",
    )
    readonly_fields = fields

    @admin.display(description=_("size"))
    def size(self, letter: DeadLetter) -> str:
        """Say how large the record is."""
        return _("%(count)d bytes") % {"count": len(letter.raw)}
