"""What must hold before webhooks are sent."""

from typing import Any

from django.conf import settings
from django.core.checks import CheckMessage, Error, register

from edge.addresses import networks


@register()
def check_networks(**_: Any) -> list[CheckMessage]:
    """Refuse networks that cannot be read, and an opened address guard outside the sandbox."""
    found: list[CheckMessage] = []
    for name in ("WEBHOOKS_DENY_NETWORKS", "WEBHOOKS_TEST_NETWORKS"):
        try:
            networks(getattr(settings, name))
        except ValueError as error:
            found.append(Error(f"{name}: {error}.", id="webhooks.E001"))
    if settings.WEBHOOKS_TEST_NETWORKS and not settings.SANDBOX:
        found.append(
            Error(
                "WEBHOOKS_TEST_NETWORKS opens the address guard of webhooks, which only a sandbox may.",
                hint="Unset it, or set SANDBOX=1 on a machine that serves no customers.",
                id="webhooks.E002",
            )
        )
    return found
