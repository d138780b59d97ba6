"""Parked keys: what waits behind a record that could not be applied, or behind a version that has not come."""

from typing import ClassVar

from django.contrib import admin, messages
from django.http import HttpRequest, HttpResponse, HttpResponseRedirect
from django.urls import reverse
from django.utils.html import format_html
from django.utils.safestring import SafeString
from django.utils.translation import gettext_lazy as _

from edge.pages import Words
from edge.staff import AUDITOR, COMPLIANCE, OPERATOR, ReasonedAction, StaffModelAdmin
from kernel import clock
from streaming import services
from streaming.models import ParkedKey
from streaming.selectors import get_first_open_letter


def _redrive(request: HttpRequest, parked: ParkedKey, reason: str) -> HttpResponse:
    services.redrive_letters(group=parked.group, topic=parked.topic, key=parked.key, reason=reason, now=clock.now())
    return _to_the_list(request, _("Its letters were applied, and the key is free."))


def _discard(request: HttpRequest, parked: ParkedKey, reason: str) -> HttpResponse:
    services.discard_letters(group=parked.group, topic=parked.topic, key=parked.key, reason=reason, now=clock.now())
    return _to_the_list(request, _("Its letters were given up, and the key is free."))


def _to_the_list(request: HttpRequest, done: Words) -> HttpResponse:
    """Lead away from a row that is no more."""
    messages.success(request, str(done))
    return HttpResponseRedirect(reverse("admin:streaming_parkedkey_changelist"), status=303)


@admin.register(ParkedKey)
class ParkedKeyAdmin(StaffModelAdmin):
    """The keys that wait, those that were parked last first."""

    seen_by: ClassVar[frozenset[str]] = frozenset({OPERATOR, COMPLIANCE, AUDITOR})
    keyset_field: ClassVar[str] = "id"
    reasoned_actions = (
        ReasonedAction(
            name="redrive",
            label=_("Apply its letters now"),
            consequence=_(
                "All letters of the key are applied in their order, and the key is freed. "
                "If one of them still fails, nothing happens."
            ),
            perform=_redrive,
            acted_by=frozenset({OPERATOR}),
            is_destructive=False,
        ),
        ReasonedAction(
            name="discard",
            label=_("Give up its letters"),
            consequence=_("None of them will ever be applied. The key is freed: what comes from now on is applied."),
            perform=_discard,
            acted_by=frozenset({OPERATOR}),
        ),
    )
    list_display = ("key", "group", "topic", "cause", "since")
    list_filter = ("cause", "group")
    search_fields = ("key__exact",)
    search_help_text = _("A key.")
    fields = ("key", "group", "topic", "cause", "since", "first_letter")
    readonly_fields = ("first_letter",)

    @admin.display(description=_("first letter"))
    def first_letter(self, parked: ParkedKey) -> SafeString | str:
        """Lead to the letter that the others wait for."""
        letter = get_first_open_letter(group=parked.group, topic=parked.topic, key=parked.key)
        if letter is None:
            return "–"
        href = reverse("admin:streaming_deadletter_change", args=[letter.pk])
        return format_html('<a href="{}">{}</a>: {}', href, letter, letter.error)
