"""What must hold before a page is served."""

from typing import Any

from django.core.checks import CheckMessage, Error, register

from edge.theme import current_theme


@register()
def check_theme(**_: Any) -> list[CheckMessage]:
    """Refuse to start with a bank's theme that cannot be read by everybody."""
    try:
        faults = current_theme().faults()
    except (OSError, KeyError, ValueError) as error:
        faults = [f"the theme file cannot be read: {error}"]
    return [Error(f"The bank's theme: {fault}.", id="edge.E001") for fault in faults]
