"""Which client is calling an endpoint of the authorisation server: ``private_key_jwt`` and nothing else."""

from datetime import UTC, datetime

from django.conf import settings

from kernel import jose
from oauth import replay
from oauth.errors import InvalidClient
from oauth.forms import Form
from oauth.models import Client
from oauth.profiles import PROFILES
from oauth.states import AuthMethod, ThirdPartyStatus

ASSERTION_TYPE = "urn:ietf:params:oauth:client-assertion-type:jwt-bearer"  # RFC 7523 §2.2

_TYPES = (None, "client-authentication+jwt")
"""Header types of an assertion; any other says that the token was made for something else."""


def authenticate_client(*, form: Form, authorization: str | None, now: datetime) -> Client:
    """
    Return the client whose signed assertion is in the form.

    ``authorization`` is the request's header of that name, which must not be there: a client that
    authenticates in two ways is refused (RFC 6749 §2.3).

    :raises InvalidClient: for whatever does not fit; the caller is told no more than that.
    """
    if authorization is not None or "client_secret" in form:
        raise InvalidClient(fault="another way of authentication")
    if form.get("client_assertion_type") != ASSERTION_TYPE:
        raise InvalidClient(fault="client_assertion_type")
    try:
        client, claims = _verify(form.get("client_assertion", ""), now)
    except jose.InvalidToken as refusal:
        raise InvalidClient(**refusal.context) from None
    if form.get("client_id", client.client_id) != client.client_id:
        raise InvalidClient(fault="client_id")
    if client.third_party.status != ThirdPartyStatus.ACTIVE:
        raise InvalidClient(fault="third party", third_party_id=str(client.third_party_id))
    if not replay.claim(
        namespace=f"client_assertion:{client.client_id}",
        key=claims["jti"],
        expires_at=datetime.fromtimestamp(claims["exp"], UTC),
    ):
        raise InvalidClient(fault="jti was used", client_id=client.client_id)
    return client


def _verify(assertion: str, now: datetime) -> tuple[Client, jose.Claims]:
    """Check an assertion by RFC 7523 §3 and FAPI 2.0 §5.3.2.1."""
    subject = jose.unverified_claims(assertion).get("sub")  # says whose keys to try, no more.
    client = _find(subject) if isinstance(subject, str) else None
    if client is None:
        raise InvalidClient(fault="sub")
    profile = PROFILES[client.profile]
    if client.token_endpoint_auth_method not in profile.auth_methods:
        raise InvalidClient(fault="token_endpoint_auth_method", client_id=client.client_id)
    claims = jose.verify(
        assertion,
        keys=client.client_jwks.get("keys", []),
        algs=profile.signing_algs,
        typ=_TYPES,
        aud=settings.OAUTH_ISSUER,
        iss=client.client_id,
        now=now,
        max_life=profile.assertion_ttl,
        clock_future=profile.clock_future,
        required=("sub", "jti"),
    )
    return client, claims


def _find(client_id: str) -> Client | None:
    if "\x00" in client_id:
        return None
    return (
        Client.objects.select_related("third_party")
        .filter(client_id=client_id, token_endpoint_auth_method=AuthMethod.PRIVATE_KEY_JWT)
        .first()
    )
