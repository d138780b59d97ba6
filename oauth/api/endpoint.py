"""What all endpoints for clients share: a strict form in, an authenticated client, JSON out that no cache keeps."""

from abc import ABC, abstractmethod
from collections.abc import Mapping
from datetime import datetime
from typing import Any

import structlog
from django.http import HttpRequest, HttpResponse, JsonResponse
from django.views import View

from kernel import clock, context
from oauth.client_auth import authenticate_client
from oauth.errors import OAuthRefusal
from oauth.forms import Form, read_form
from oauth.models import Client

NO_STORE = {"Cache-Control": "no-store", "Pragma": "no-cache"}  # RFC 6749 §5.1

_log = structlog.get_logger("oauth.endpoint")


class ClientEndpoint(ABC, View):
    """An address to which clients post forms."""

    http_method_names = ["post"]

    @abstractmethod
    def answer(self, form: Form, client: Client, now: datetime) -> HttpResponse:
        """
        Do what the endpoint is for.

        :raises OAuthRefusal: which is answered as RFC 6749 §5.2 says.
        """

    def post(self, request: HttpRequest) -> HttpResponse:
        """Read the form, find out whose it is, and answer."""
        now = clock.now()
        try:
            form = read_form(request)
            client = authenticate_client(form=form, authorization=request.headers.get("Authorization"), now=now)
            with context.acting(actor=f"third-party:{client.third_party_id}"):
                return self.answer(form, client, now)
        except OAuthRefusal as refusal:
            _log.info("refused", path=request.path, code=refusal.code, **refusal.context)
            return json_answer({"error": refusal.code, "error_description": refusal.message}, status=refusal.status)


def json_answer(body: Mapping[str, Any], *, status: int = 200) -> HttpResponse:
    """Answer with JSON that no cache may keep."""
    return JsonResponse(dict(body), status=status, headers=NO_STORE)
