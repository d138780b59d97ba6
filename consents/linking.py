"""Dynamic linking: an approval belongs to exactly the payment that was shown (RTS Art. 5)."""

from uuid import UUID

from django.utils.crypto import constant_time_compare, salted_hmac

from consents.models import PaymentTerms

SHOWN_FIELDS = (
    "amount_minor",
    "currency",
    "creditor_name",
    "creditor_scheme",
    "creditor_identification",
    "debtor_scheme",
    "debtor_identification",
    "reference",
)
"""The terms that decide what is paid, to whom and from where."""


def shown_mark(*, terms: PaymentTerms, customer_id: UUID) -> str:
    """Return a mark over consent, customer and terms; the form carries it back with the answer."""
    parts = [terms.consent_id.hex, customer_id.hex, *(str(getattr(terms, field)) for field in SHOWN_FIELDS)]
    exact = "".join(f"{len(part)}:{part}" for part in parts)  # lengths: no two sets of terms read alike.
    return salted_hmac("consents.linking", exact, algorithm="sha256").hexdigest()


def is_what_was_shown(mark: str, *, terms: PaymentTerms, customer_id: UUID) -> bool:
    """Say whether the mark belongs to these terms and this customer."""
    return constant_time_compare(mark, shown_mark(terms=terms, customer_id=customer_id))
