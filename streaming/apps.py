"""The room as Django knows it; it learns every room's events when a process starts."""

from django.apps import AppConfig
from django.utils.module_loading import autodiscover_modules


class StreamingConfig(AppConfig):
    """The event log and its consumers."""

    name = "streaming"

    def ready(self) -> None:
        """Import the rooms' events, and what watches the whole."""
        autodiscover_modules("events")
        from streaming import checks  # noqa: F401 - its checks register themselves.
        from streaming.metrics import collector  # noqa: F401 - likewise.
