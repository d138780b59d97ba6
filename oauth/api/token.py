"""``POST /oauth/token``: tokens for a code, for a refresh token, or for the client itself (RFC 6749 §3.2)."""

from collections.abc import Callable, Mapping
from datetime import datetime
from typing import Any

from django.http import HttpResponse

from oauth.api.endpoint import ClientEndpoint, json_answer
from oauth.errors import InvalidRequest, UnsupportedGrantType
from oauth.forms import Form
from oauth.models import Client
from oauth.profiles import PROFILES
from oauth.services import Issued, issue_to_client, redeem_code, redeem_refresh_token


class Token(ClientEndpoint):
    """Issues tokens, by grant type."""

    def answer(self, form: Form, client: Client, now: datetime) -> HttpResponse:
        """Answer as RFC 6749 §5.1 says."""
        if "grant_type" not in form:
            raise InvalidRequest("grant_type is missing.")
        grant_type = form["grant_type"]
        if grant_type not in GRANT_TYPES or grant_type not in PROFILES[client.profile].grant_types:
            raise UnsupportedGrantType
        return json_answer(_body(GRANT_TYPES[grant_type](form, client, now)))


def _authorization_code(form: Form, client: Client, now: datetime) -> Issued:
    return redeem_code(
        client=client,
        code=_required(form, "code"),
        redirect_uri=form.get("redirect_uri"),
        code_verifier=form.get("code_verifier"),
        now=now,
    )


def _refresh_token(form: Form, client: Client, now: datetime) -> Issued:
    return redeem_refresh_token(
        client=client, refresh_token=_required(form, "refresh_token"), scope=form.get("scope"), now=now
    )


def _client_credentials(form: Form, client: Client, now: datetime) -> Issued:
    return issue_to_client(client=client, scope=form.get("scope"), now=now)


GRANT_TYPES: Mapping[str, Callable[[Form, Client, datetime], Issued]] = {
    "authorization_code": _authorization_code,
    "refresh_token": _refresh_token,
    "client_credentials": _client_credentials,
}
"""What is built; the client's profile says which of them it may use."""


def _required(form: Form, name: str) -> str:
    if name not in form:
        raise InvalidRequest(f"{name} is missing.")
    return form[name]


def _body(issued: Issued) -> dict[str, Any]:
    optional = {
        "authorization_details": list(issued.details),
        "refresh_token": issued.refresh_token,
        "id_token": issued.id_token,
    }
    return {
        "access_token": issued.access_token,
        "token_type": "Bearer",
        "expires_in": int(issued.expires_in.total_seconds()),
        "scope": issued.scope,
    } | {name: value for name, value in optional.items() if value}
