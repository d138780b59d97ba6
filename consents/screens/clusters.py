"""Permission codes in words that a customer understands, in clusters (UK customer experience guidelines)."""

from collections.abc import Collection
from dataclasses import dataclass

from django.utils.translation import gettext_lazy as _

from edge.pages import Words


@dataclass(frozen=True, slots=True, kw_only=True)
class Cluster:
    """One kind of data, with what it holds in detail; ``icon`` is the path of a 24-pixel drawing."""

    title: Words
    icon: str
    lines: tuple[Words, ...]


def clusters_of(permissions: Collection[str]) -> list[Cluster]:
    """Return what a set of permissions opens, in a fixed order; a code without words is named as it is."""
    asked = frozenset(permissions)
    shown = [
        Cluster(title=title, icon=icon, lines=tuple(words for code, words in lines.items() if code in asked))
        for title, icon, lines in _CLUSTERS
        if asked & lines.keys()
    ]
    unknown = sorted(asked.difference(*(lines.keys() for _title, _icon, lines in _CLUSTERS)))
    if unknown:
        shown.append(Cluster(title=_("Other data"), icon=_DOTS, lines=tuple(unknown)))
    return shown


_CARD = "M3 6.5h18v11H3zM3 10h18M6.5 14.5h4"
_SCALES = "M4 19h16M6 15V9M12 15V5M18 15v-4"
_ARROWS = "M4 8h14l-3.5-3.5M20 16H6l3.5 3.5"
_CALENDAR = "M4 6h16v14H4zM4 10.5h16M8.5 3.5V8M15.5 3.5V8"
_PEOPLE = (
    "M9 11a3.5 3.5 0 1 0 0-7 3.5 3.5 0 0 0 0 7zM3 20c.4-3.5 2.7-5.5 6-5.5"
    "s5.6 2 6 5.5M16 4.5a3.2 3.2 0 0 1 0 6M18 15c1.7.8 2.7 2.5 3 5"
)
_PAGE = "M6 3.5h8l4 4V20.5H6zM13.5 3.5V8H18M9 12.5h6M9 16h6"
_TAG = "M4 4h7.5L20.5 13 13 20.5 4 11.5zM8 8h.01"
_PERSON = "M12 12a4 4 0 1 0 0-8 4 4 0 0 0 0 8zM4.5 20.5c.6-4 3.4-6 7.5-6s6.9 2 7.5 6"
_DOTS = "M5 12h.01M12 12h.01M19 12h.01"

_CLUSTERS: tuple[tuple[Words, str, dict[str, Words]], ...] = (
    (
        _("Your account details"),
        _CARD,
        {
            "ReadAccountsBasic": _("The name, type and currency of the account"),
            "ReadAccountsDetail": _("Your sort code and account number"),
            "ReadPAN": _("Your full card number"),
        },
    ),
    (_("Your balances"), _SCALES, {"ReadBalances": _("What is in the account, and what you can spend")}),
    (
        _("Your transactions"),
        _ARROWS,
        {
            "ReadTransactionsCredits": _("Money coming in"),
            "ReadTransactionsDebits": _("Money going out"),
            "ReadTransactionsBasic": _("Amounts and dates"),
            "ReadTransactionsDetail": _("Whom you paid, who paid you, and the reference"),
        },
    ),
    (
        _("Your regular payments"),
        _CALENDAR,
        {
            "ReadStandingOrdersBasic": _("Your standing orders: amounts and dates"),
            "ReadStandingOrdersDetail": _("Whom your standing orders pay"),
            "ReadDirectDebits": _("Your direct debits"),
            "ReadScheduledPaymentsBasic": _("Payments you planned: amounts and dates"),
            "ReadScheduledPaymentsDetail": _("Whom your planned payments go to"),
        },
    ),
    (
        _("People you pay"),
        _PEOPLE,
        {
            "ReadBeneficiariesBasic": _("The list of payees you saved"),
            "ReadBeneficiariesDetail": _("Their account numbers"),
        },
    ),
    (
        _("Your statements"),
        _PAGE,
        {
            "ReadStatementsBasic": _("The periods of your statements"),
            "ReadStatementsDetail": _("What your statements say, to the penny"),
        },
    ),
    (
        _("Your product and offers"),
        _TAG,
        {
            "ReadProducts": _("The product you hold, its fees and rates"),
            "ReadOffers": _("Offers that we made you"),
        },
    ),
    (
        _("Your contact details"),
        _PERSON,
        {
            "ReadParty": _("Name, address, phone and e-mail of all who hold the account"),
            "ReadPartyPSU": _("Your own name, address, phone and e-mail"),
        },
    ),
)
