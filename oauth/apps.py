"""The room as Django knows it."""

from django.apps import AppConfig


class OauthConfig(AppConfig):
    """Who is asking."""

    name = "oauth"
    verbose_name = "Third parties and people"

    def ready(self) -> None:
        """Register the system checks."""
        from oauth import checks  # noqa: F401
