"""``POST /oauth/revoke``: a client gives a token back (RFC 7009)."""

from datetime import datetime

from django.http import HttpResponse

from oauth.api.endpoint import NO_STORE, ClientEndpoint
from oauth.errors import InvalidRequest
from oauth.forms import Form
from oauth.models import Client
from oauth.services import revoke_token


class Revoke(ClientEndpoint):
    """Revokes a token of the client's own; anything else is left alone, with the same answer."""

    def answer(self, form: Form, client: Client, now: datetime) -> HttpResponse:
        """Answer as RFC 7009 §2.2 says."""
        if "token" not in form:
            raise InvalidRequest("token is missing.")
        revoke_token(client=client, token=form["token"], now=now)
        return HttpResponse(status=200, headers=NO_STORE)
