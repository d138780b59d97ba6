"""Dead letters: to inspect without what is personal, to apply after all, to give up with a reason."""

from collections.abc import Mapping, Sequence
from types import MappingProxyType
from typing import Any, ClassVar

from django.contrib import admin
from django.db.models import QuerySet
from django.http import HttpRequest, HttpResponse
from django.utils.html import format_html
from django.utils.safestring import SafeString
from django.utils.translation import gettext_lazy as _

from edge.staff import AUDITOR, COMPLIANCE, OPERATOR, ReasonedAction, StaffModelAdmin, TimelineEntry
from kernel import clock
from streaming import services
from streaming.admin.payloads import as_block, indented, revealed_page
from streaming.events import LetterDiscarded, LetterRedriven, LetterRevealed
from streaming.models import DeadLetter
from streaming.selectors import OPEN_STATES, is_key_parked, list_events, read_letter

_TONES: Mapping[str, str] = MappingProxyType(
    {DeadLetter.State.POISON: "no", DeadLetter.State.WAITING: "wait", DeadLetter.State.REDRIVEN: "yes"}
)
"""The colour of a state; what was given up has none."""

_DEEDS = MappingProxyType(
    {
        LetterRevealed.name: _("Looked at unmasked"),
        LetterRedriven.name: _("Applied"),
        LetterDiscarded.name: _("Given up"),
    }
)


def _is_open(letter: DeadLetter) -> bool:
    return letter.state in OPEN_STATES


def _holds_a_key(letter: DeadLetter) -> bool:
    return _is_open(letter) and is_key_parked(letter)


def _reveal(request: HttpRequest, letter: DeadLetter, reason: str) -> HttpResponse:
    content = services.reveal_letter(letter_id=letter.pk, reason=reason, now=clock.now())
    payload = content.text if content.fields is None else indented(content.fields)
    return revealed_page(request, letter, title=str(letter), payload=f"{indented(content.headers)}\n\n{payload}")


def _redrive(_request: HttpRequest, letter: DeadLetter, reason: str) -> None:
    services.redrive_letter(letter_id=letter.pk, reason=reason, now=clock.now())


def _discard(_request: HttpRequest, letter: DeadLetter, reason: str) -> None:
    services.discard_letter(letter_id=letter.pk, reason=reason, now=clock.now())


def _discard_all(_request: HttpRequest, letter: DeadLetter, reason: str) -> None:
    services.discard_letters(
        group=letter.group, topic=letter.topic, key=letter.key or "", reason=reason, now=clock.now()
    )


@admin.register(DeadLetter)
class DeadLetterAdmin(StaffModelAdmin):
    """Records that a consumer could not apply, newest first."""

    seen_by: ClassVar[frozenset[str]] = frozenset({OPERATOR, COMPLIANCE, AUDITOR})
    keyset_field: ClassVar[str] = "id"
    reasoned_actions = (
        ReasonedAction(
            name="redrive",
            label=_("Apply it now"),
            consequence=_(
                "It is applied as if it had just come. If its key is parked, all letters of the key are applied in "
                "their order and the key is freed. If one of them still fails, nothing happens."
            ),
            perform=_redrive,
            acted_by=frozenset({OPERATOR}),
            is_possible=_is_open,
            is_destructive=False,
            done=_("It was applied, with all that waited for the same key."),
        ),
        ReasonedAction(
            name="discard",
            label=_("Give this letter up"),
            consequence=_(
                "It will never be applied. If others of its key wait for it, they are applied now, in their order, "
                "up to the next one that fails."
            ),
            perform=_discard,
            acted_by=frozenset({OPERATOR}),
            is_possible=_is_open,
            done=_("It was given up."),
        ),
        ReasonedAction(
            name="discard-key",
            label=_("Give up all letters of this key"),
            consequence=_("None of them will ever be applied. The key is freed: what comes from now on is applied."),
            perform=_discard_all,
            acted_by=frozenset({OPERATOR}),
            is_possible=_holds_a_key,
            done=_("They were given up, and the key is free."),
        ),
        ReasonedAction(
            name="reveal",
            label=_("Show what it holds"),
            consequence=_("You will see personal data. That you looked, and why, is recorded."),
            perform=_reveal,
            acted_by=frozenset({COMPLIANCE, AUDITOR}),
            is_destructive=False,
        ),
    )
    list_display = ("created_at", "standing", "group", "topic", "partition", "offset", "attempts", "error")
    list_filter = ("state", "group")
    search_fields = ("key__exact", "event_id__exact", "group__exact")
    search_help_text = _("A key, an event id or a group.")
    fieldsets = (
        (None, {"fields": ("standing", "error", "attempts", "created_at")}),
        (
            _("The record"),
            {
                "fields": (
                    *("group", "topic", "partition", "offset", "timestamp", "key", "event_id"),
                    *("masked_headers", "masked_content"),
                )
            },
        ),
    )
    readonly_fields = ("standing", "masked_headers", "masked_content")

    def get_fieldsets(self, request: HttpRequest, obj: DeadLetter | None = None) -> Any:
        """Tell how the letter's wait ended, once it has."""
        fieldsets = list(super().get_fieldsets(request, obj))
        if obj is not None and not _is_open(obj):
            fieldsets.append((_("How it ended"), {"fields": ("resolved_by", "resolved_at", "reason")}))
        return fieldsets

    def get_queryset(self, request: HttpRequest) -> QuerySet[DeadLetter]:
        """Leave out of lists what the records hold: it may be large."""
        letters: QuerySet[DeadLetter] = super().get_queryset(request)
        return letters.defer("raw", "headers")

    def timeline(self, row: DeadLetter) -> Sequence[TimelineEntry]:
        """Tell what staff did to the letter, from the event log."""
        told = [event for kind in ("letter", "payload") for event in list_events(aggregate=(kind, str(row)))]
        return [
            TimelineEntry(at=event.occurred_at, actor=event.actor, what=_DEEDS.get(event.type, event.type))
            for event in sorted(told, key=lambda event: event.recorded_at, reverse=True)
        ]

    @admin.display(description=_("state"))
    def standing(self, letter: DeadLetter) -> SafeString:
        """Show the state as a word with a shape."""
        return format_html(
            '<span class="pill {}">{}</span>', _TONES.get(letter.state, ""), DeadLetter.State(letter.state).label
        )

    @admin.display(description=_("headers"))
    def masked_headers(self, letter: DeadLetter) -> SafeString:
        """Show the headers that this platform writes."""
        return as_block(indented(read_letter(letter).headers))

    @admin.display(description=_("content"))
    def masked_content(self, letter: DeadLetter) -> SafeString:
        """Show what is surely not personal, and how large the record is."""
        content = read_letter(letter)
        size = _("%(count)d bytes") % {"count": content.size}
        if content.fields is None:
            return format_html("{}, {}", size, _("not a JSON object"))
        return format_html("{}{}", size, as_block(indented(content.fields)))
