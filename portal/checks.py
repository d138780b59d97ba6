"""What must hold before the portal is served."""

from typing import Any

from django.conf import settings
from django.core.checks import CheckMessage, Error, register
from django.urls import Resolver404, resolve


@register()
def check_sandbox_is_closed(**_: Any) -> list[CheckMessage]:
    """Refuse to serve the sandbox's addresses outside the sandbox."""
    if settings.SANDBOX:
        return []
    from portal.sandbox_urls import CLIENTS_PATH  # only here: every process would wait for all it brings.

    try:
        resolve(CLIENTS_PATH)
    except Resolver404:
        return []
    return [
        Error(
            f"{CLIENTS_PATH} registers clients without asking anybody, and would be served in production.",
            hint="Include portal.sandbox_urls only where settings.SANDBOX is true.",
            id="portal.E001",
        )
    ]
