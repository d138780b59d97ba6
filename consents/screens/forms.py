"""What the screens read from their forms: decisions and choices only, never terms."""

from uuid import UUID

from django import forms
from django.core.exceptions import ValidationError
from django.utils.translation import gettext_lazy as _

APPROVE = "approve"
DECLINE = "decline"


class SignInForm(forms.Form):
    """Name and password; only the bank's adapter judges them."""

    REFUSED = ValidationError(_("The username or the password is not right. Check both and try again."), code="refused")
    BLOCKED = ValidationError(
        _("There were too many attempts with this username. Wait five minutes, then try again."), code="blocked"
    )

    username = forms.CharField(
        label=_("Username"), max_length=150, error_messages={"required": _("Enter your username.")}
    )
    password = forms.CharField(
        label=_("Password"), max_length=500, strip=False, error_messages={"required": _("Enter your password.")}
    )


class _AccountIds(forms.Field):
    """Account ids as posted, several under one name; whose they are is the service's to check."""

    widget = forms.SelectMultiple

    def to_python(self, value: list[str] | None) -> list[UUID]:
        """
        Read the ids.

        :raises ValidationError: if one is no id at all.
        """
        try:
            return [UUID(hex=given) for given in value or []]
        except ValueError:
            raise ValidationError(_("This is not one of your accounts."), code="invalid") from None


class AccountsForm(forms.Form):
    """Which accounts to share."""

    account_ids = _AccountIds(error_messages={"required": _("Choose at least one account, or select “Do not share”.")})


class PaymentForm(forms.Form):
    """Which account pays, and the mark of what was shown."""

    account_id = forms.UUIDField(error_messages={"required": _("Choose the account that pays.")})
    shown = forms.CharField(max_length=64)
