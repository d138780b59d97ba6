"""The room as Django knows it."""

from django.apps import AppConfig


class WebhooksConfig(AppConfig):
    """Telling third parties what changed."""

    name = "webhooks"
    verbose_name = "Webhooks"

    def ready(self) -> None:
        """Register the system checks."""
        from webhooks import checks  # noqa: F401
