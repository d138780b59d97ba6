"""What the room refuses."""

from collections.abc import Sequence
from typing import Any, ClassVar, TypedDict

from kernel.errors import DomainError


class FieldFault(TypedDict):
    """What is wrong with one field: its JSON path, and a sentence."""

    path: str
    detail: str


class EndpointNotFound(DomainError):
    code: ClassVar[str] = "endpoint_not_found"
    detail: ClassVar[str] = "There is no such endpoint."


class DeliveryNotFound(DomainError):
    code: ClassVar[str] = "delivery_not_found"
    detail: ClassVar[str] = "There is no such delivery for this endpoint."


class TooManyEndpoints(DomainError):
    code: ClassVar[str] = "too_many_endpoints"
    detail: ClassVar[str] = "You have as many endpoints as one third party may have; delete one first."


class InvalidEndpoint(DomainError):
    """A field of an endpoint cannot be accepted; ``fields`` says which and why."""

    code: ClassVar[str] = "invalid_endpoint"
    detail: ClassVar[str] = "The endpoint cannot be accepted as described."

    def __init__(self, detail: str | None = None, /, *, fields: Sequence[FieldFault] = (), **context: Any) -> None:
        super().__init__(detail, **context)
        self.fields = tuple(fields)


class SealBroken(DomainError):
    """A stored secret cannot be opened with any of the deployment's secret keys."""

    code: ClassVar[str] = "seal_broken"
    detail: ClassVar[str] = "The endpoint's keys cannot be read; rotate its secret."
