"""What kinds of events there are, and what their readers may rely on; nothing here comes from the database."""

import json
from typing import Any, ClassVar

from django.apps.registry import Apps
from django.contrib import admin
from django.contrib.admin.utils import unquote
from django.core.exceptions import PermissionDenied
from django.db import models
from django.http import Http404, HttpRequest, HttpResponse
from django.template.response import TemplateResponse
from django.utils.translation import gettext_lazy as _

from edge.staff import EVERYONE, StaffModelAdmin
from streaming.contracts.registry import contracts, get_contract
from streaming.contracts.releases import list_releases
from streaming.contracts.use_cases import USE_CASES
from streaming.errors import UnknownEventType


class EventType(models.Model):
    """One event type: it gives the pages their place in the admin, and has no table."""

    name = models.TextField(primary_key=True)

    class Meta:
        apps = Apps()  # apart from the rooms' models, so that no migration and no permission is made for it.
        app_label = "streaming"
        managed = False
        verbose_name = _("event type")

    def __str__(self) -> str:
        return self.name


@admin.register(EventType)
class EventTypeAdmin(StaffModelAdmin):
    """The contract of every event type, as the registry has it."""

    seen_by: ClassVar[frozenset[str]] = EVERYONE

    def changelist_view(self, request: HttpRequest, extra_context: dict[str, Any] | None = None) -> HttpResponse:
        """List all types on one page: there are a few dozen."""
        return self._page(request, "event_types", title=_("Event types"), contracts=contracts())

    def change_view(
        self, request: HttpRequest, object_id: str, form_url: str = "", extra_context: dict[str, Any] | None = None
    ) -> HttpResponse:
        """Show one type: what it means, its fields, an example, who reads it."""
        try:
            contract = get_contract(unquote(object_id))
        except UnknownEventType:
            raise Http404 from None
        return self._page(
            request,
            "event_type",
            title=contract.name,
            contract=contract,
            fields=[
                {"name": name, "rules": _rules(rule), "is_required": name in contract.schema["required"]}
                for name, rule in contract.schema["properties"].items()
            ],
            use_cases=[f"{row}: {USE_CASES[row]}" for row in contract.serves],
            releases=[release.number for release in list_releases(contract.name)],
            example=_pretty(contract.example),
            headers=_pretty(contract.example_headers),
        )

    def _page(self, request: HttpRequest, template: str, **shown: Any) -> HttpResponse:
        if not self.has_view_permission(request):
            raise PermissionDenied
        page = {**self.admin_site.each_context(request), "opts": self.opts, **shown}
        return TemplateResponse(request, f"admin/streaming/{template}.html", page)


def _rules(rule: dict[str, Any]) -> str:
    return json.dumps({name: value for name, value in rule.items() if name != "x-personal"}, ensure_ascii=False)


def _pretty(document: Any) -> str:
    return json.dumps(document, indent=2, ensure_ascii=False)
