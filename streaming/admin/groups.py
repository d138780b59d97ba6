"""The groups of consumers: how far behind, what is stuck, to pause and to resume."""

from datetime import datetime
from typing import Any, ClassVar

from django.contrib import admin
from django.core.exceptions import PermissionDenied
from django.http import HttpRequest, HttpResponse
from django.template.response import TemplateResponse
from django.utils.translation import gettext_lazy as _

from edge.staff import AUDITOR, COMPLIANCE, OPERATOR, ReasonedAction, StaffModelAdmin, TimelineEntry
from kernel import clock
from streaming import services
from streaming.errors import GroupNotFound
from streaming.events import GroupMoved, GroupPaused, GroupResumed, PartitionReleased
from streaming.models import GroupState, Offset
from streaming.selectors import (
    get_declared_group,
    get_group_standing,
    list_events,
    list_group_standings,
    list_parked_keys,
)

_DEEDS = {
    GroupPaused.name: _("Paused"),
    GroupResumed.name: _("Resumed"),
    GroupMoved.name: _("Moved to another place"),
    PartitionReleased.name: _("A stopped partition was let go on"),
}


def _reads(state: GroupState) -> bool:
    return state.paused_at is None


def _stands_still(state: GroupState) -> bool:
    return not _reads(state) or Offset.objects.filter(group=state.group, stopped_at__isnull=False).exists()


def _pause(_request: HttpRequest, state: GroupState, reason: str) -> None:
    services.pause_group(group=state.group, reason=reason, now=clock.now())


def _resume(_request: HttpRequest, state: GroupState, reason: str) -> None:
    services.resume_group(group=state.group, reason=reason, now=clock.now())


@admin.register(GroupState)
class GroupAdmin(StaffModelAdmin):
    """Every declared group, whether or not people ever said something of it."""

    seen_by: ClassVar[frozenset[str]] = frozenset({OPERATOR, COMPLIANCE, AUDITOR})
    change_form_template = "admin/streaming/group.html"
    fields = ()
    reasoned_actions = (
        ReasonedAction(
            name="pause",
            label=_("Pause this group"),
            consequence=_(
                "It finishes what it has begun and reads no more. What it keeps grows old until it is resumed; "
                "nothing is lost while the topics hold it."
            ),
            perform=_pause,
            acted_by=frozenset({OPERATOR}),
            is_possible=_reads,
            done=_("The group is paused; its members notice within seconds."),
        ),
        ReasonedAction(
            name="resume",
            label=_("Let this group go on"),
            consequence=_("It reads on from where it stands, in the partitions that it had given up on as well."),
            perform=_resume,
            acted_by=frozenset({OPERATOR}),
            is_possible=_stands_still,
            is_destructive=False,
            done=_("The group goes on; its members notice within seconds."),
        ),
    )

    def changelist_view(self, request: HttpRequest, extra_context: dict[str, Any] | None = None) -> HttpResponse:
        """Show how all groups stand, on one page: there are a few dozen at most."""
        if not self.has_view_permission(request):
            raise PermissionDenied
        standings = list_group_standings()
        now = clock.now()
        page = {
            **self.admin_site.each_context(request),
            "title": _("Consumer groups"),
            "opts": self.opts,
            "groups": [{"standing": each, "behind_s": _age_s(each.oldest_at, now)} for each in standings],
            "is_broker_silent": any(each.records is None for each in standings),
            **(extra_context or {}),
        }
        return TemplateResponse(request, "admin/streaming/groups.html", page)

    def get_object(self, request: HttpRequest, object_id: str, from_field: str | None = None) -> GroupState | None:
        """Return what people said of a declared group, which may be nothing yet."""
        try:
            group = get_declared_group(object_id)
        except GroupNotFound:
            return None
        said: GroupState | None = GroupState.objects.filter(pk=group.name).first()
        return said or GroupState(group=group.name, generation=1)

    def change_view(
        self, request: HttpRequest, object_id: str, form_url: str = "", extra_context: dict[str, Any] | None = None
    ) -> HttpResponse:
        """Show where the group stands in each partition, and which keys wait."""
        state = self.get_object(request, object_id)
        if state is None or not self.has_view_permission(request):
            return super().change_view(request, object_id, form_url, extra_context)
        standing = get_group_standing(state.group)
        now = clock.now()
        page = {
            "standing": standing,
            "partitions": [{"standing": each, "behind_s": _age_s(each.oldest_at, now)} for each in standing.partitions],
            "parked_keys": list_parked_keys(group=state.group),
            "is_broker_silent": standing.records is None,
            **(extra_context or {}),
        }
        return super().change_view(request, object_id, form_url, page)

    def timeline(self, row: GroupState) -> list[TimelineEntry]:
        """Tell what staff did to the group, from the event log."""
        return [
            TimelineEntry(
                at=event.occurred_at,
                actor=event.actor,
                what=_DEEDS.get(event.type, event.type),
                why=event.payload.get("destination") or event.payload.get("partition") or "",
            )
            for event in list_events(aggregate=("group", row.group), limit=50)
        ]


def _age_s(at: datetime | None, now: datetime) -> int | None:
    """Return how many whole seconds ago something was; the broker's clock may run ahead of ours."""
    return None if at is None else max(0, int((now - at).total_seconds()))
