"""The life cycles of consents: one table for code, tests, documents and the database."""

from django.db import models
from django.utils.translation import gettext_lazy as _

from kernel.states import Lifecycle


class ConsentKind(models.TextChoices):
    """What a consent permits; the types of ``authorization_details`` (RFC 9396) have the same names."""

    ACCOUNT_ACCESS = "account_access", _("Account access")
    SINGLE_PAYMENT = "single_payment", _("Single payment")


class ConsentStatus(models.TextChoices):
    """Where a consent stands. The words are the house's own; each face translates them."""

    AWAITING_AUTHORISATION = "awaiting_authorisation", _("Waiting for the customer")
    AUTHORISED = "authorised", _("Active")
    REJECTED = "rejected", _("Declined")
    USED = "used", _("Used")
    ENDED = "ended", _("Ended")
    EXPIRED = "expired", _("Expired")


class EndedBy(models.TextChoices):
    """Who took a consent back."""

    CUSTOMER = "customer", _("the customer")
    STAFF = "staff", _("the bank")
    THIRD_PARTY = "third_party", _("the third party")


ACCOUNT_ACCESS_LIFECYCLE: Lifecycle[ConsentStatus] = Lifecycle(
    {
        ConsentStatus.AWAITING_AUTHORISATION: {
            ConsentStatus.AUTHORISED,
            ConsentStatus.REJECTED,
            ConsentStatus.ENDED,
            ConsentStatus.EXPIRED,
        },
        ConsentStatus.AUTHORISED: {ConsentStatus.ENDED, ConsentStatus.EXPIRED},
        ConsentStatus.REJECTED: frozenset(),
        ConsentStatus.ENDED: frozenset(),
        ConsentStatus.EXPIRED: frozenset(),
    }
)
"""UK AIS: AWAU → AUTH or RJCT; AUTH → CANC or EXPD."""

SINGLE_PAYMENT_LIFECYCLE: Lifecycle[ConsentStatus] = Lifecycle(
    {
        ConsentStatus.AWAITING_AUTHORISATION: {
            ConsentStatus.AUTHORISED,
            ConsentStatus.REJECTED,
            ConsentStatus.EXPIRED,
        },
        ConsentStatus.AUTHORISED: {ConsentStatus.USED, ConsentStatus.EXPIRED},
        ConsentStatus.REJECTED: frozenset(),
        ConsentStatus.USED: frozenset(),
        ConsentStatus.EXPIRED: frozenset(),
    }
)
"""UK payment orders: AWAU → AUTH or RJCT; AUTH → COND when the order is made. Not revocable."""

LIFECYCLES: dict[ConsentKind, Lifecycle[ConsentStatus]] = {
    ConsentKind.ACCOUNT_ACCESS: ACCOUNT_ACCESS_LIFECYCLE,
    ConsentKind.SINGLE_PAYMENT: SINGLE_PAYMENT_LIFECYCLE,
}


def lifecycle_of(kind: str) -> Lifecycle[ConsentStatus]:
    """Return the table that a consent of this kind moves by."""
    return LIFECYCLES[ConsentKind(kind)]


def may_move(*, kind: str, source: str, target: ConsentStatus) -> bool:
    """Say whether a consent of this kind may go from ``source`` to ``target``."""
    return lifecycle_of(kind).may(ConsentStatus(source), target)
