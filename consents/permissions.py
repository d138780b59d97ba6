"""Whether a grant reaches as far as a view asks."""

from typing import Any
from uuid import UUID

from rest_framework.permissions import BasePermission
from rest_framework.request import Request
from rest_framework.views import APIView

from consents.access import Grant, refusal_of_use
from consents.refusals import GateRefused


class Consented(BasePermission):
    """
    Lets a call through if the consent covers it.

    The view's ``required_permissions`` are codes of which the consent must have one (none: any consent
    will do); an ``account_id`` in its address must be among the consent's accounts. An account that does
    not exist and one that was not chosen look the same.
    """

    def has_permission(self, request: Request, view: APIView) -> bool:
        """
        Compare the view's demands with the grant.

        :raises GateRefused: naming what is missing.
        """
        if not isinstance(request.auth, Grant):
            return False
        refusal = refusal_of_use(
            request.auth,
            any_of=frozenset(getattr(view, "required_permissions", ())),
            account_id=_account_id(view.kwargs),
        )
        if refusal is not None:
            raise GateRefused(refusal)
        return True


def _account_id(kwargs: dict[str, Any]) -> UUID | None:
    """Return the account that the address names; one that is no id at all is nobody's account."""
    given = kwargs.get("account_id")
    if given is None or isinstance(given, UUID):
        return given
    try:
        return UUID(hex=str(given))
    except ValueError:
        return UUID(int=0)
