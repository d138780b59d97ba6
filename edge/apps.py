"""The room as Django knows it, and the admin site that every room's ``admin.py`` registers with."""

from django.apps import AppConfig
from django.contrib.admin import apps as admin_apps


class EdgeConfig(AppConfig):
    """HTTP and pages that no standard owns."""

    default = True
    name = "edge"
    verbose_name = "Edge"

    def ready(self) -> None:
        """Register the system checks."""
        from edge import checks  # noqa: F401


class StaffAdminConfig(admin_apps.AdminConfig):
    """Django's admin with the bank's staff site as its default."""

    default = False
    default_site = "edge.staff.StaffAdminSite"
