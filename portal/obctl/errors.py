"""What can go wrong for a third party, in sentences that say what to do."""


class ObctlError(Exception):
    """Something that the person at the terminal can do something about."""


class NotReachable(ObctlError):
    """Nothing answers at the platform's address."""


class Refused(ObctlError):
    """The platform said no; ``status`` and ``body`` are its answer."""

    def __init__(self, message: str, *, status: int, body: str) -> None:
        super().__init__(message)
        self.status = status
        self.body = body


class Declined(ObctlError):
    """The customer, or the bank on its way to one, said no."""


class NothingToPress(ObctlError):
    """A page of the bank's has no form that a program could use."""
