"""What can be done with a consent: lodged, answered, used, ended, expired."""

from consents.services.answering import (
    authorise_account_access,
    authorise_single_payment,
    reject_consent,
)
from consents.services.ending import end_consent
from consents.services.expiry import expire_due_consents
from consents.services.lodging import PaymentTermsInput, lodge_account_access, lodge_single_payment
from consents.services.using import use_consent

__all__ = [
    "PaymentTermsInput",
    "authorise_account_access",
    "authorise_single_payment",
    "end_consent",
    "expire_due_consents",
    "lodge_account_access",
    "lodge_single_payment",
    "reject_consent",
    "use_consent",
]
