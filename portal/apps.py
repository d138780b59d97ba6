"""The room as Django knows it."""

from django.apps import AppConfig


class PortalConfig(AppConfig):
    """The pages a person opens, and the sandbox's own API."""

    name = "portal"
    verbose_name = "Portal"

    def ready(self) -> None:
        """Register the system checks."""
        from portal import checks  # noqa: F401
