"""What the room refuses, by name."""

from kernel.errors import DomainError


class ConsentNotFound(DomainError):
    """No such consent, or not the caller's: the two are never told apart."""

    code = "consent_not_found"
    detail = "There is no such consent."


class InvalidPermissions(DomainError):
    """The set of permissions is empty or holds a code that the bank does not know."""

    code = "invalid_permissions"
    detail = "The permissions asked for are not a set that the bank can grant."


class AlreadyLapsed(DomainError):
    """A consent cannot be lodged with an end that lies in the past."""

    code = "consent_already_lapsed"
    detail = "The consent would have expired before it began."


class WrongCustomer(DomainError):
    """Another customer has answered this consent, or it was lodged for another one."""

    code = "wrong_customer"
    detail = "This request belongs to another customer."


class NoAccountChosen(DomainError):
    code = "no_account_chosen"
    detail = "Choose at least one account."


class AccountNotOwned(DomainError):
    """An account was posted that the customer may not share; the whole answer is refused."""

    code = "account_not_owned"
    detail = "One of the accounts is not yours to share."


class NotWhatWasShown(DomainError):
    """The approval does not belong to the data that the customer saw (RTS Art. 5, dynamic linking)."""

    code = "not_what_was_shown"
    detail = "The details are not those that were shown."


class ReasonMissing(DomainError):
    code = "reason_missing"
    detail = "Say why in a few words."


class WrongKind(DomainError):
    """A payment was treated as an account access, or the reverse."""

    code = "wrong_kind"
    detail = "This consent is of another kind."
