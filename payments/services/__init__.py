"""What can be done with a payment order: submitted once, then moved by what the core reports."""

from payments.services.reporting import apply_core_reports
from payments.services.submitting import OPERATION, submit_payment

__all__ = ["OPERATION", "apply_core_reports", "submit_payment"]
