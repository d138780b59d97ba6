"""The four groups of the bank's staff; the groups themselves are made by a migration of ``oauth``."""

from django.http import HttpRequest

SUPPORT = "support"
COMPLIANCE = "compliance"
OPERATOR = "operator"
AUDITOR = "auditor"

EVERYONE = frozenset({SUPPORT, COMPLIANCE, OPERATOR, AUDITOR})
"""All four; whoever is in none sees nothing."""


def staff_roles(request: HttpRequest) -> frozenset[str]:
    """
    Return the groups of the member of staff who asks, read once a request; nobody else has any.

    Superusers count as members of all.
    """
    known: frozenset[str] | None = getattr(request, "_staff_roles", None)
    if known is None:
        known = _read_roles(request)
        request._staff_roles = known  # type: ignore[attr-defined]  # lives as long as the request.
    return known


def _read_roles(request: HttpRequest) -> frozenset[str]:
    user = request.user
    if not (user.is_active and user.is_staff):
        return frozenset()
    if user.is_superuser:
        return EVERYONE
    return frozenset(user.groups.values_list("name", flat=True)) & EVERYONE
