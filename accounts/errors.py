"""What the room refuses, by name."""

from kernel.errors import DomainError


class AccountNotFound(DomainError):
    """No such account, or the grant does not cover it: the two are never told apart."""

    code = "account_not_found"
    detail = "There is no such account."


class PermissionMissing(DomainError):
    """The customer did not permit this kind of data."""

    code = "permission_missing"
    detail = "The consent does not cover this."
