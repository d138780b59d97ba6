"""Statuses and numbers as people read them."""

from collections.abc import Mapping
from types import MappingProxyType

from django.utils.translation import gettext_lazy as _

from consents.states import ConsentKind, ConsentStatus
from edge.pages import Words

TONES: Mapping[str, str] = MappingProxyType(
    {
        ConsentStatus.AWAITING_AUTHORISATION: "wait",
        ConsentStatus.AUTHORISED: "yes",
        ConsentStatus.USED: "yes",
        ConsentStatus.REJECTED: "no",
        ConsentStatus.ENDED: "no",
        ConsentStatus.EXPIRED: "",
    }
)
"""The colour and shape of each status; the word always stands beside it."""


def status_words(status: ConsentStatus, *, kind: str) -> Words:
    """Word a status for a customer: payments are approved and made, access is active."""
    if kind == ConsentKind.SINGLE_PAYMENT:
        return _PAYMENT_WORDS.get(status, status.label)
    return status.label


_PAYMENT_WORDS: Mapping[str, Words] = MappingProxyType(
    {ConsentStatus.AUTHORISED: _("Approved"), ConsentStatus.USED: _("Payment made")}
)


def readable_number(scheme: str, identification: str) -> str:
    """Write an account number as people read it: the sort code in pairs, an IBAN in fours."""
    if scheme == "UK.OBIE.SortCodeAccountNumber" and len(identification) == 14:
        sort_code, number = identification[:6], identification[6:]
        return f"{sort_code[:2]}-{sort_code[2:4]}-{sort_code[4:]}  {number}"
    if scheme == "UK.OBIE.IBAN":
        return " ".join(identification[place : place + 4] for place in range(0, len(identification), 4))
    return identification
