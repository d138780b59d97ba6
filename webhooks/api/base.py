"""What every view of this API shares: who may call, how things are written."""

from datetime import datetime
from typing import Any, ClassVar
from uuid import UUID

from rest_framework.request import Request
from rest_framework.response import Response
from rest_framework.views import APIView

from edge.problems import declare
from oauth.access import Caller
from oauth.authentication import ClientToken
from webhooks.errors import EndpointNotFound
from webhooks.public_events import timestamp

declare({"endpoint_not_found": 404, "delivery_not_found": 404, "too_many_endpoints": 409, "invalid_endpoint": 422})


class ThirdPartyView(APIView):
    """A resource of the third party that calls with a client-credentials token, for accounts or for payments."""

    authentication_classes = (ClientToken,)
    permission_classes = ()  # the token alone decides.
    required_scope: ClassVar[str | None] = None  # any scope will do: news comes of accounts and of payments.


def caller_of(request: Request) -> Caller:
    """Return the third party that calls."""
    caller = request.auth
    assert isinstance(caller, Caller)
    return caller


def parse_id(text: str) -> UUID:
    """
    Read an identifier of a path: 32 lower-case hex digits, or a UUID with dashes.

    :raises EndpointNotFound: if it is neither; what cannot be is not there.
    """
    try:
        parsed = UUID(text)
    except ValueError:
        raise EndpointNotFound from None
    if text not in {parsed.hex, str(parsed)}:
        raise EndpointNotFound
    return parsed


def answer(body: Any, *, status: int = 200) -> Response:
    """Answer with JSON that no cache may keep."""
    return Response(body, status=status, headers={"cache-control": "no-store"})


def moment(value: datetime | None) -> str | None:
    """Write a moment in UTC, or ``None``."""
    return timestamp(value) if value else None
