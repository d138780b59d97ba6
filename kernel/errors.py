"""The root of every refusal that the platform anticipates."""

from typing import Any, ClassVar


class DomainError(Exception):
    """
    An anticipated refusal; anything else that is raised is a bug.

    ``code`` is stable and public. ``detail`` is a sentence that may be shown to the caller.
    ``context`` is private: it goes to the log only, never into an answer.
    """

    code: ClassVar[str] = "refused"
    detail: ClassVar[str] = "The request was refused."

    def __init__(self, detail: str | None = None, /, **context: Any) -> None:
        self.message = detail or self.detail
        self.context = context
        super().__init__(self.message)
