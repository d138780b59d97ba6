"""How the bank's staff sign in."""

from typing import Any

from django.contrib.admin.forms import AdminAuthenticationForm
from django.core.exceptions import ValidationError
from django.utils.translation import gettext_lazy as _

from edge import attempts


class StaffSignInForm(AdminAuthenticationForm):
    """Name and password of a member of staff; after five failures the name waits."""

    BLOCKED = ValidationError(
        _("There were too many attempts with this username. Wait five minutes, then try again."), code="blocked"
    )

    def clean(self) -> dict[str, Any]:
        """
        Check the password, unless too many were tried.

        :raises ValidationError: if it is not right, or the name has to wait.
        """
        name = f"staff:{self.cleaned_data.get('username', '')}"  # apart from customers of the same name.
        if not attempts.admit(name):
            raise self.BLOCKED
        cleaned: dict[str, Any] = super().clean()
        attempts.forget(name)
        return cleaned
