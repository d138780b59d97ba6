"""What staff can do to a row: one deed, one reason, one service call."""

from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from django import forms
from django.http import HttpRequest, HttpResponse
from django.utils.translation import gettext_lazy as _

from edge.pages import Words


def _always(_row: Any) -> bool:
    return True


@dataclass(frozen=True, slots=True, kw_only=True)
class ReasonedAction:
    """
    A deed with a mandatory reason, offered on a row's page.

    ``perform(request, row, reason)`` calls a service; it may return an answer of its own (a page that shows
    something once). A ``DomainError`` that it raises is shown beside the form. ``acted_by`` names the groups
    that may do it. The call runs with the member of staff as the actor in :mod:`kernel.context`.
    """

    name: str
    """Part of the address, such as ``end``."""
    label: Words
    """What the button says and does: "End this consent"."""
    consequence: Words
    """What will happen, in a sentence or two, shown before the deed."""
    perform: Callable[[HttpRequest, Any, str], HttpResponse | None]
    acted_by: frozenset[str]
    is_possible: Callable[[Any], bool] = _always
    is_destructive: bool = True
    done: Words = ""
    """Said afterwards; by default "Done."."""


@dataclass(frozen=True, slots=True, kw_only=True)
class TimelineEntry:
    """One line of a row's history: when, who, what, why."""

    at: datetime
    actor: str
    what: Words
    why: str = ""


class ReasonForm(forms.Form):
    """Asks why; the words go into the event log."""

    reason = forms.CharField(
        label=_("Reason"),
        min_length=10,
        max_length=500,
        help_text=_("At least ten characters. It is kept in the event log, with your name."),
        widget=forms.Textarea(attrs={"class": "input", "rows": 4}),
        error_messages={
            "required": _("Say why you do this."),
            "min_length": _("Say a little more: at least ten characters."),
        },
    )
