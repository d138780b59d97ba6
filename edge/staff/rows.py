"""The base of every row that staff may look at."""

from collections.abc import Sequence
from typing import Any, ClassVar

from django.contrib import admin, messages
from django.contrib.admin.views.main import ChangeList
from django.core.exceptions import PermissionDenied
from django.db.models import Model
from django.http import Http404, HttpRequest, HttpResponse, HttpResponseRedirect
from django.template.response import TemplateResponse
from django.urls import URLPattern, path, reverse
from django.utils.translation import gettext as _

from edge.staff.actions import ReasonedAction, ReasonForm, TimelineEntry
from edge.staff.lists import KeysetChangeList
from edge.staff.roles import staff_roles
from kernel import clock, context
from kernel.errors import DomainError


class StaffModelAdmin(admin.ModelAdmin):  # type: ignore[type-arg]  # it takes no argument at run time.
    """
    Shows rows, changes none: no add, no change, no delete, and nothing at all unless a group is named.

    Name the groups that see in ``seen_by``, the deeds in ``reasoned_actions``, and let ``timeline`` tell a
    row's history. ``search`` fields stay Django's; lists are paged by ``keyset_field``, which must be unique.
    """

    seen_by: ClassVar[frozenset[str]] = frozenset()
    reasoned_actions: ClassVar[Sequence[ReasonedAction]] = ()
    keyset_field: ClassVar[str] = "pk"

    actions = None
    list_per_page = 50
    show_full_result_count = False
    sortable_by: ClassVar[list[str] | tuple[str, ...] | None] = ()
    view_on_site = False
    show_facets = admin.ShowFacets.NEVER

    def timeline(self, row: Any) -> Sequence[TimelineEntry]:
        """Return a row's history, newest first; none by default."""
        return ()

    def has_view_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        """Let in the groups that this page names."""
        return bool(self.seen_by & staff_roles(request))

    def has_module_permission(self, request: HttpRequest) -> bool:
        """Show the room in the menu to those who see anything in it."""
        return self.has_view_permission(request)

    def has_add_permission(self, request: HttpRequest, *_: Any) -> bool:
        """Rows are made by services only."""
        return False

    def has_change_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        """Rows are changed by services only."""
        return False

    def has_delete_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        """Rows are never deleted."""
        return False

    def lookup_allowed(self, lookup: str, value: str, request: HttpRequest) -> bool:
        """Filter by what the list offers and nothing else: any other column could be guessed letter by letter."""
        return lookup.removesuffix("__exact") in self.get_list_filter(request) and "\x00" not in value

    def get_changelist(self, request: HttpRequest, **kwargs: Any) -> type[ChangeList]:
        """Page by key, without counting."""
        return KeysetChangeList

    def get_urls(self) -> list[URLPattern]:
        """Serve list, row and deeds; the stock pages that add, delete and tell history are not there at all."""
        name = f"{self.opts.app_label}_{self.opts.model_name}"
        act = path("<path:object_id>/act/<slug:name>/", self.admin_site.admin_view(self.act), name=f"{name}_act")
        absent = {f"{name}_{page}" for page in ("add", "delete", "history")}
        return [act, *(url for url in super().get_urls() if url.name not in absent)]

    def change_view(
        self, request: HttpRequest, object_id: str, form_url: str = "", extra_context: dict[str, Any] | None = None
    ) -> HttpResponse:
        """Show a row, its history and what this member of staff may do to it."""
        row = self.get_object(request, object_id)
        if row is not None and self.has_view_permission(request, row):
            offered = [
                {"action": action, "href": self._act_href(row, action)}
                for action in self.reasoned_actions
                if action.acted_by & staff_roles(request) and action.is_possible(row)
            ]
            extra_context = {"offered": offered, "timeline": self.timeline(row), **(extra_context or {})}
        return super().change_view(request, object_id, form_url, extra_context)

    def act(self, request: HttpRequest, object_id: str, name: str) -> HttpResponse:
        """Ask for the reason of a deed, then do it through its service."""
        action = next((action for action in self.reasoned_actions if action.name == name), None)
        if action is None:
            raise Http404
        if not (self.has_view_permission(request) and action.acted_by & staff_roles(request)):
            raise PermissionDenied
        row = self.get_object(request, object_id)
        if row is None:
            raise Http404
        form = ReasonForm(request.POST or None)
        if request.method == "POST" and form.is_valid():
            answer = self._perform(request, row, action, form)
            if answer is not None:
                return answer
        return self._ask(request, row, action, form)

    def _perform(
        self, request: HttpRequest, row: Model, action: ReasonedAction, form: ReasonForm
    ) -> HttpResponse | None:
        """Do the deed; ``None`` if it was refused, with the refusal beside the form."""
        try:
            with context.acting(actor=f"staff:{request.user.pk}"):
                answer = action.perform(request, row, form.cleaned_data["reason"])
        except DomainError as refusal:
            form.add_error(None, refusal.message)
            return None
        if answer is not None:
            return answer
        self.message_user(request, str(action.done) or _("Done."), messages.SUCCESS)
        return HttpResponseRedirect(self._row_href(row), status=303)

    def _ask(self, request: HttpRequest, row: Model, action: ReasonedAction, form: ReasonForm) -> HttpResponse:
        page = {
            **self.admin_site.each_context(request),
            "title": action.label,
            "opts": self.opts,
            "original": row,
            "row_href": self._row_href(row),
            "action": action,
            "form": form,
            "is_possible": action.is_possible(row),
            "not_possible": _("This is not possible in the present state."),
            "now": clock.now(),
        }
        status = 200 if request.method == "GET" or form.is_valid() else 422
        return TemplateResponse(request, "admin/staff/act.html", page, status=status)

    def _row_href(self, row: Model) -> str:
        route = f"{self.admin_site.name}:{self.opts.app_label}_{self.opts.model_name}_change"
        return reverse(route, args=[row.pk])

    def _act_href(self, row: Model, action: ReasonedAction) -> str:
        route = f"{self.admin_site.name}:{self.opts.app_label}_{self.opts.model_name}_act"
        return reverse(route, args=[row.pk, action.name])
