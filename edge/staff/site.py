"""The site that the bank's staff sign in to."""

from datetime import timedelta
from typing import Any

from django.contrib import admin
from django.http import HttpRequest, HttpResponse
from django.utils.translation import gettext_lazy as _

from edge.staff.forms import StaffSignInForm
from edge.staff.roles import staff_roles
from edge.staff.rows import StaffModelAdmin
from kernel import clock

IDLE_AFTER = timedelta(minutes=15)
"""How long a member of staff may be idle before the session ends."""

_SEEN_AT = "staff_seen_at"


class StaffAdminSite(admin.AdminSite):
    """Django's admin in the platform's own look; staff only, and only while they are not idle."""

    site_header = _("Millrace staff")
    site_title = _("Millrace staff")
    index_title = _("What you can look into")
    site_url = None
    login_form = StaffSignInForm
    enable_nav_sidebar = False
    empty_value_display = "–"

    def register(self, model_or_iterable: Any, admin_class: type[Any] | None = None, **options: Any) -> None:
        """Take pages that are read-only by their base; what other packages bring for themselves stays out."""
        if admin_class is not None and issubclass(admin_class, StaffModelAdmin):
            super().register(model_or_iterable, admin_class, **options)

    def get_urls(self) -> list[Any]:
        """Leave out the stock pages that answer for rows past their own pages."""
        absent = {"autocomplete", "jsi18n", "view_on_site"}
        return [url for url in super().get_urls() if getattr(url, "name", None) not in absent]

    def has_permission(self, request: HttpRequest) -> bool:
        """Let in staff whose session is alive; which pages they see depends on their groups."""
        return super().has_permission(request) and not self._is_idle(request)

    def login(self, request: HttpRequest, extra_context: dict[str, Any] | None = None) -> HttpResponse:
        """Sign in; the session id changes, and the idle clock starts."""
        response = super().login(request, extra_context)
        if request.method == "POST" and request.user.is_authenticated:
            request.session[_SEEN_AT] = clock.now().timestamp()
        response["Cache-Control"] = "no-store"
        return response

    def each_context(self, request: HttpRequest) -> dict[str, Any]:
        """Give every page the roles of whoever looks at it."""
        roles = sorted(staff_roles(request)) if request.user.is_authenticated else []
        return {**super().each_context(request), "staff_roles": roles, "is_superuser": request.user.is_superuser}

    def admin_view(self, view: Any, cacheable: bool = False) -> Any:
        """Keep pages out of caches, and move the idle clock on."""
        inner = super().admin_view(view, cacheable)

        def staff_view(request: HttpRequest, *args: Any, **kwargs: Any) -> HttpResponse:
            is_let_in = self.has_permission(request)
            if is_let_in:
                request.session[_SEEN_AT] = clock.now().timestamp()
            response: HttpResponse = inner(request, *args, **kwargs)
            response["Cache-Control"] = "no-store"
            return response

        return staff_view

    def _is_idle(self, request: HttpRequest) -> bool:
        seen_at = request.session.get(_SEEN_AT)
        return seen_at is not None and clock.now().timestamp() - seen_at > IDLE_AFTER.total_seconds()
