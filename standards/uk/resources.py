"""Consents and payments as the standard shows them: what was lodged, and where it stands now."""

from datetime import datetime
from typing import TYPE_CHECKING, Any

from accounts.selectors import DebtorAccount
from consents.states import ConsentKind
from standards.uk.codes import CONSENT_STATUS_REASONS, CONSENT_STATUSES
from standards.uk.dates import write_instant

if TYPE_CHECKING:
    from consents.models import Consent
    from payments.models import Payment


def consent_body(consent: "Consent", *, now: datetime) -> dict[str, Any]:
    """Return ``Data`` and ``Risk`` of a consent as it stands at ``now``; what was lodged is repeated to the letter."""
    status = consent.status_at(now)
    data: dict[str, Any] = {
        "ConsentId": consent.id.hex,
        "CreationDateTime": write_instant(consent.created_at),
        "Status": CONSENT_STATUSES[ConsentKind(consent.kind)][status],
        "StatusUpdateDateTime": write_instant(consent.status_updated_at),
    }
    if status in CONSENT_STATUS_REASONS:
        data["StatusReason"] = [_status_reason(*CONSENT_STATUS_REASONS[status])]
    return {"Data": data | consent.lodged["Data"], "Risk": consent.lodged["Risk"]}


def payment_body(payment: "Payment", *, refund_to: DebtorAccount | None) -> dict[str, Any]:
    """
    Return ``Data`` of a payment order; its status is the ISO 20022 code that the core told last.

    ``refund_to`` is the account that paid, if the third party asked for it with the consent.
    """
    data: dict[str, Any] = {
        "DomesticPaymentId": payment.id.hex,
        "ConsentId": payment.consent_id.hex,
        "CreationDateTime": write_instant(payment.created_at),
        "Status": str(payment.status),
        "StatusUpdateDateTime": write_instant(payment.status_updated_at),
    }
    if payment.reason_code:
        data["StatusReason"] = [_status_reason(payment.reason_code, payment.reason_text)]
    if refund_to is not None:
        data["Refund"] = {"Account": _refund_account(refund_to)}
    return {"Data": data | {"Initiation": payment.lodged["Data"]["Initiation"]}}


def _refund_account(account: DebtorAccount) -> dict[str, str]:
    return {
        "SchemeName": "UK.OBIE.SortCodeAccountNumber",
        "Identification": account.sort_code + account.account_number,
        "Name": account.holder_name[:350],
    }


def _status_reason(code: str, sentence: str) -> dict[str, str]:
    reason = {"StatusReasonCode": code[:4]}
    return reason | {"StatusReasonDescription": sentence[:500]} if sentence else reason
