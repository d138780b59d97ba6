"""What the bank behind the platform may refuse."""

from kernel.errors import DomainError


class CustomerUnreachable(DomainError):
    code = "customer_unreachable"
    detail = "The bank has no way to reach this customer now."


class AccountUnknown(DomainError):
    code = "account_unknown"
    detail = "The core has no such account."


class CoreNotSeeded(DomainError):
    code = "core_not_seeded"
    detail = "The simulated core is empty: run `manage.py simulate seed` first."
