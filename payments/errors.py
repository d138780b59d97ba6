"""What the room refuses, by name."""

from kernel.errors import DomainError


class PaymentNotFound(DomainError):
    """No such payment, or another third party's: the two are never told apart."""

    code = "payment_not_found"
    detail = "There is no such payment."


class DebtorAccountUnavailable(DomainError):
    """The account to pay from is closed, or no longer known."""

    code = "debtor_account_unavailable"
    detail = "The account to pay from is not available."


class ContradictoryReport(DomainError):
    """The core reports an end that cannot follow the one it reported before: somebody has to look."""

    code = "contradictory_report"
    detail = "The core's report contradicts an earlier one."


class UnknownStatus(DomainError):
    """The core reports a status that a single payment cannot have."""

    code = "unknown_payment_status"
    detail = "The core reported an unknown status."
