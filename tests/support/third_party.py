"""A third party's client, as small as FAPI 2.0 allows: it knows the discovery document, its keys and nothing else."""

from base64 import urlsafe_b64encode
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from functools import cache, cached_property
from hashlib import sha256
from json import dumps
from secrets import token_urlsafe
from typing import Any
from urllib.parse import parse_qsl, urlencode, urlsplit
from uuid import UUID, uuid4
from wsgiref.types import StartResponse, WSGIApplication, WSGIEnvironment

import httpx
from django.conf import settings
from django.core.signals import request_finished, request_started
from django.core.wsgi import get_wsgi_application
from django.db import close_old_connections

from kernel import clock, jose

ASSERTION_TYPE = "urn:ietf:params:oauth:client-assertion-type:jwt-bearer"
DETAILS_TYPES = {"accounts": "account_access", "payments": "single_payment"}


def in_process() -> httpx.Client:
    """Return a client that calls the platform in this process, inside the test's own transaction."""
    return httpx.Client(transport=httpx.WSGITransport(app=_application()), base_url=settings.OAUTH_ISSUER)


@dataclass(frozen=True, kw_only=True)
class Push:
    """What the client remembers between its push and the customer's return."""

    response: httpx.Response
    state: str
    nonce: str
    verifier: str

    @property
    def request_uri(self) -> str:
        """The name of the pushed request."""
        assert self.response.status_code == 201, self.response.text
        request_uri: str = self.response.json()["request_uri"]
        return request_uri


@dataclass(frozen=True, kw_only=True)
class ThirdPartyClient:
    """One registered client; ``http`` reaches the platform, in process or over the wire."""

    http: httpx.Client
    client_id: str
    key: Mapping[str, Any] = field(repr=False)
    redirect_uri: str

    @cached_property
    def discovery(self) -> dict[str, Any]:
        """The server's own description of itself."""
        response = self.http.get("/.well-known/oauth-authorization-server")
        assert response.status_code == 200, response.text
        document: dict[str, Any] = response.json()
        return document

    def assertion(self, *, key: Mapping[str, Any] | None = None, alg: str | None = None, **claims: Any) -> str:
        """Sign a client assertion (RFC 7523 §3); ``claims`` replace the proper ones, ``None`` leaves one out."""
        now_s = int(clock.now().timestamp())
        proper = {
            "iss": self.client_id,
            "sub": self.client_id,
            "aud": self.discovery["issuer"],
            "jti": str(uuid4()),
            "iat": now_s,
            "exp": now_s + 60,
        }
        chosen = {name: value for name, value in (proper | claims).items() if value is not None}
        key = key or self.key
        return jose.sign(chosen, key=key, alg=alg or key["alg"])

    def post(self, endpoint: str, form: Mapping[str, str], *, assertion: str | None = None) -> httpx.Response:
        """Post a form to an endpoint that the discovery document names, such as ``token``."""
        proof = {"client_assertion_type": ASSERTION_TYPE, "client_assertion": assertion or self.assertion()}
        return self.http.post(self.discovery[f"{endpoint}_endpoint"], data={**proof, **form})

    def own_token(self, scope: str = "accounts") -> str:
        """Get a token in the client's own name."""
        return str(_succeeded(self.post("token", {"grant_type": "client_credentials", "scope": scope}))["access_token"])

    def push(self, consent_id: UUID | str, *, scope: str | None = "accounts", **changes: str | None) -> Push:
        """Push an authorisation request for a consent; ``changes`` replace parameters, ``None`` leaves one out."""
        kind = DETAILS_TYPES["payments" if "payments" in (scope or "").split() else "accounts"]
        push = Push(
            response=httpx.Response(0), state=token_urlsafe(16), nonce=token_urlsafe(16), verifier=token_urlsafe(48)
        )
        proper = {
            "client_id": self.client_id,
            "response_type": "code",
            "redirect_uri": self.redirect_uri,
            "scope": scope,
            "state": push.state,
            "nonce": push.nonce,
            "code_challenge": challenge_of(push.verifier),
            "code_challenge_method": "S256",
            "authorization_details": dumps([{"type": kind, "consent_id": str(consent_id)}]),
        }
        form = {name: value for name, value in (proper | changes).items() if value is not None}
        response = self.post("pushed_authorization_request", form)
        return Push(response=response, state=push.state, nonce=push.nonce, verifier=push.verifier)

    def authorize_url(self, push: Push, **extra: str) -> str:
        """Return the address to which the client sends its customer's browser."""
        query = {"client_id": self.client_id, "request_uri": push.request_uri} | extra
        return f"{self.discovery['authorization_endpoint']}?{urlencode(query)}"

    def read_answer(self, location: str, push: Push) -> dict[str, str]:
        """Read what the redirect brings back, and hold it to state and issuer (RFC 9207 §2.4)."""
        assert location.startswith(self.redirect_uri)
        answer = dict(parse_qsl(urlsplit(location).query, strict_parsing=True))
        assert answer["iss"] == self.discovery["issuer"]
        assert answer["state"] == push.state
        return answer

    def redeem(self, code: str, push: Push, **changes: str | None) -> httpx.Response:
        """Exchange a code; ``changes`` replace parameters, ``None`` leaves one out."""
        proper = {
            "grant_type": "authorization_code",
            "code": code,
            "redirect_uri": self.redirect_uri,
            "code_verifier": push.verifier,
        }
        return self.post("token", {name: value for name, value in (proper | changes).items() if value is not None})

    def tokens(self, code: str, push: Push) -> dict[str, Any]:
        """Exchange a code for tokens."""
        return _succeeded(self.redeem(code, push))

    def refresh(self, refresh_token: str, **changes: str) -> httpx.Response:
        """Ask for another access token."""
        return self.post("token", {"grant_type": "refresh_token", "refresh_token": refresh_token} | changes)


def challenge_of(verifier: str) -> str:
    """Return the S256 challenge of a PKCE verifier (RFC 7636 §4.2)."""
    return urlsafe_b64encode(sha256(verifier.encode()).digest()).rstrip(b"=").decode()


@cache
def _application() -> WSGIApplication:
    """Return the platform, kept from closing the test's own connection around each call."""
    application = get_wsgi_application()

    def call(environ: WSGIEnvironment, start_response: StartResponse) -> Iterable[bytes]:
        signals = (request_started, request_finished)
        for signal in signals:
            signal.disconnect(close_old_connections)
        try:
            response = application(environ, start_response)
            body = b"".join(response)
            getattr(response, "close", lambda: None)()
            return [body]
        finally:
            for signal in signals:
                signal.connect(close_old_connections)

    return call


def _succeeded(response: httpx.Response) -> dict[str, Any]:
    assert response.status_code == 200, response.text
    body: dict[str, Any] = response.json()
    return body
