"""Lists that cost the same at ten rows and at ten million: no count, pages by key."""

from typing import Any
from urllib.parse import urlencode

from django.contrib.admin.views.main import ChangeList
from django.core.exceptions import ValidationError
from django.core.paginator import Paginator
from django.db.models import QuerySet
from django.db.models.expressions import Combinable
from django.http import HttpRequest

AFTER = "after"
"""The query parameter that holds the key of the last row of the page before."""


class KeysetChangeList(ChangeList):
    """
    A list in descending order of one unique field (``ModelAdmin.keyset_field``), read page by page.

    It reads one row more than it shows, to know whether there is a next page; it never counts.
    """

    def __init__(self, request: HttpRequest, *args: Any) -> None:
        self.after = request.GET.get(AFTER, "")
        self.next_href = ""
        self.first_href = ""
        super().__init__(request, *args)

    @property
    def keyset_field(self) -> str:
        """The unique field that orders the list."""
        admin: Any = self.model_admin  # a StaffModelAdmin, which the stubs do not know.
        field: str = admin.keyset_field
        return field

    def get_filters_params(self, params: Any = None) -> Any:
        """Keep the page's key out of the filters."""
        kept = super().get_filters_params(params)
        kept.pop(AFTER, None)
        return kept

    def get_ordering(self, request: HttpRequest, queryset: QuerySet[Any]) -> list[str | Combinable]:
        """Order by the key alone, newest first."""
        return [f"-{self.keyset_field}"]

    def get_results(self, request: HttpRequest) -> None:
        """Read one page."""
        rows = list(self._after(self.queryset)[: self.list_per_page + 1])
        has_next = len(rows) > self.list_per_page
        self.result_list = rows[: self.list_per_page]
        self.result_count = len(self.result_list)
        self.full_result_count = None
        self.show_full_result_count = False
        self.show_admin_actions = False
        self.can_show_all = False
        self.multi_page = False
        self.paginator = Paginator(self.result_list, self.list_per_page)
        self.first_href = self._href(None) if self.after else ""
        self.next_href = self._href(getattr(self.result_list[-1], self.keyset_field)) if has_next else ""

    def _after(self, queryset: QuerySet[Any]) -> QuerySet[Any]:
        if not self.after:
            return queryset
        try:
            return queryset.filter(**{f"{self.keyset_field}__lt": self.after})
        except (ValidationError, ValueError, TypeError):
            return queryset.none()

    def _href(self, key: Any) -> str:
        parameters = {name: value for name, value in self.params.items() if name != AFTER}
        if key is not None:
            parameters[AFTER] = str(key)
        return f"?{urlencode(parameters)}"
