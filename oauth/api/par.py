"""``POST /oauth/par``: a client pushes its authorisation request (RFC 9126)."""

from datetime import datetime

from django.http import HttpResponse

from oauth.api.endpoint import ClientEndpoint, json_answer
from oauth.forms import Form
from oauth.models import Client
from oauth.requests import read_authorization_request
from oauth.services import push_request


class PushedAuthorizationRequest(ClientEndpoint):
    """Keeps the request and answers with its name."""

    def answer(self, form: Form, client: Client, now: datetime) -> HttpResponse:
        """Answer as RFC 9126 §2.2 says."""
        pushed = push_request(client=client, request=read_authorization_request(form, client), now=now)
        body = {"request_uri": pushed.request_uri, "expires_in": int(pushed.expires_in.total_seconds())}
        return json_answer(body, status=201)
