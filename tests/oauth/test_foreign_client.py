"""A FAPI 2 client library that knows nothing of us completes the flow from the discovery document alone."""

import io
import json
from typing import Any

import httpx
import pytest
import requests
from requests.adapters import BaseAdapter
from requests_oauth2client import BearerToken, OAuth2Client, PrivateKeyJwt, RequestUriParameterAuthorizationRequest

from kernel import clock
from oauth.services import approve_request
from tests.oauth.conftest import lodge
from tests.support.builders.oauth import a_customer, a_third_party_client


class InProcess(BaseAdapter):
    """Carries the library's calls to the platform in this process."""

    def __init__(self, http: httpx.Client) -> None:
        super().__init__()
        self.http = http

    def send(self, request: Any, *_: Any, **__: Any) -> requests.Response:
        headers = {name: value for name, value in request.headers.items() if name.lower() != "content-length"}
        answer = self.http.request(request.method, request.url, headers=headers, content=request.body)
        response = requests.Response()
        response.status_code = answer.status_code
        response.headers.update(answer.headers)
        response.raw = io.BytesIO(answer.content)
        response.url, response.request = str(answer.url), request
        return response

    def close(self) -> None:
        """Nothing is kept open."""


@pytest.mark.parametrize("alg", ["PS256", "ES256"])
def test_requests_oauth2client_completes_the_flow(db, alg):
    third_party = a_third_party_client(alg=alg)
    session = requests.Session()
    session.mount("http://", InProcess(third_party.http))
    client = OAuth2Client.from_discovery_document(
        third_party.discovery,
        issuer=third_party.discovery["issuer"],
        auth=PrivateKeyJwt(third_party.client_id, dict(third_party.key), alg=alg, aud=third_party.discovery["issuer"]),
        redirect_uri=third_party.redirect_uri,
        authorization_server_jwks=session.get(third_party.discovery["jwks_uri"]).json(),
        session=session,
        id_token_signed_response_alg="PS256",
        testing=True,
    )
    consent_id = lodge(third_party)
    details = json.dumps([{"type": "account_access", "consent_id": str(consent_id)}])
    request = client.authorization_request(scope="openid accounts", authorization_details=details)
    pushed = client.pushed_authorization_request(request)
    assert isinstance(pushed, RequestUriParameterAuthorizationRequest)

    now = clock.now()
    location = approve_request(
        request_id=_open(third_party, pushed.uri), user_id=a_customer().pk, acr="sca", auth_time=now, now=now
    )
    token = client.authorization_code(request.validate_callback(location), validate=True)
    assert isinstance(token, BearerToken)
    assert token.id_token is not None
    assert client.refresh_token(token).access_token != token.access_token
    assert client.client_credentials(scope="accounts").access_token


def _open(third_party: Any, uri: str) -> Any:
    response = third_party.http.get(uri)
    assert response.status_code == 303, response.text
    return response.headers["location"].split("/")[2]
