"""What staff see of webhooks: endpoints, deliveries and attempts; never a secret, never a payload."""

from collections.abc import Sequence

from django.contrib import admin
from django.http import HttpRequest, HttpResponse
from django.utils.translation import gettext_lazy as _

from edge.staff import AUDITOR, EVERYONE, OPERATOR, SUPPORT, ReasonedAction, StaffModelAdmin, TimelineEntry
from kernel import clock
from webhooks import services
from webhooks.models import Attempt, Delivery, Endpoint
from webhooks.states import DeliveryState, EndpointStatus


def _disable(_request: HttpRequest, endpoint: Endpoint, reason: str) -> HttpResponse | None:
    services.disable_endpoint(endpoint_id=endpoint.id, reason=f"by the bank: {reason}"[:200], now=clock.now())
    return None


def _replay(_request: HttpRequest, delivery: Delivery, reason: str) -> HttpResponse | None:
    services.replay_delivery_for_staff(
        endpoint_id=delivery.endpoint_id, event_id=delivery.event_id, reason=reason, now=clock.now()
    )
    return None


@admin.register(Endpoint)
class EndpointAdmin(StaffModelAdmin):
    """Where third parties want events."""

    seen_by = EVERYONE
    list_display = ("id", "third_party", "url", "status", "status_changed_at")
    list_select_related = ("third_party",)
    list_filter = ("status",)
    search_fields = ("=id", "third_party__name")
    fields = (
        *("id", "third_party", "url", "description", "event_types", "schemes"),
        *("status", "status_reason", "status_changed_at", "created_at"),
    )
    reasoned_actions = (
        ReasonedAction(
            name="disable",
            label=_("Disable this endpoint"),
            consequence=_("Nothing is sent to it until the third party enables it again; what is due waits."),
            perform=_disable,
            acted_by=frozenset({OPERATOR}),
            is_possible=lambda endpoint: endpoint.status in {EndpointStatus.LIVE, EndpointStatus.UNCONFIRMED},
            done=_("The endpoint is disabled."),
        ),
    )


@admin.register(Delivery)
class DeliveryAdmin(StaffModelAdmin):
    """What was sent, and how it went."""

    seen_by = frozenset({SUPPORT, OPERATOR, AUDITOR})
    list_display = ("event_id", "type", "endpoint", "state", "reason", "attempts", "next_attempt_at", "created_at")
    list_select_related = ("endpoint",)
    list_filter = ("state",)
    search_fields = ("=event_id", "=endpoint__id")
    fields = (
        *("event_id", "type", "endpoint", "third_party_id", "sequence", "state", "reason", "attempts"),
        *("next_attempt_at", "created_at", "finished_at"),
    )
    reasoned_actions = (
        ReasonedAction(
            name="replay",
            label=_("Send this again"),
            consequence=_("It is sent under the same message id, if a live consent still covers it."),
            perform=_replay,
            acted_by=frozenset({SUPPORT, OPERATOR}),
            is_possible=lambda delivery: delivery.state != DeliveryState.DUE,
            is_destructive=False,
            done=_("It is due again."),
        ),
    )

    def timeline(self, row: Delivery) -> Sequence[TimelineEntry]:
        """Return every attempt, newest first."""
        attempts = Attempt.objects.filter(delivery_id=row.id).order_by("-id")[:100]
        return [
            TimelineEntry(
                at=attempt.started_at,
                actor="system:webhooks",
                what=_("Attempt %(number)s: %(outcome)s") % {"number": attempt.number, "outcome": attempt.outcome},
                why=attempt.excerpt[:200],
            )
            for attempt in attempts
        ]
