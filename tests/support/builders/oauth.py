"""Third parties, clients, people and tokens, made by the room's own services where there is one."""

from collections.abc import Mapping
from datetime import datetime, timedelta
from functools import cache
from secrets import token_urlsafe
from typing import Any
from uuid import UUID, uuid4

from kernel import clock, jose
from oauth.gate import checksum
from oauth.models import AccessToken, Authorization, Client, ThirdParty, User
from oauth.services import get_or_create_customer, put_staff_member, register_client, suspend_third_party
from oauth.states import SigningAlgorithm
from tests.support.third_party import ThirdPartyClient, in_process

REDIRECT_URI = "https://third-party.example/callback"


@cache
def a_key(alg: str = "ES256", name: str = "first") -> Mapping[str, Any]:
    """Return a private key, the same for the same name."""
    return jose.generate_key(alg)


def a_client(
    *,
    third_party_name: str = "Ledgerly",
    redirect_uris: tuple[str, ...] = (REDIRECT_URI,),
    key: Mapping[str, Any] | None = None,
    now: datetime | None = None,
    **changes: Any,
) -> Client:
    """Register a third party's client."""
    jwks = {"keys": [jose.public_jwk(key or a_key())]}
    return register_client(
        third_party_name=third_party_name, redirect_uris=redirect_uris, jwks=jwks, now=now or clock.now(), **changes
    )


def a_third_party(*, name: str = "Ledgerly", is_suspended: bool = False, now: datetime | None = None) -> ThirdParty:
    """Let a third party in."""
    third_party = a_client(third_party_name=name, now=now).third_party
    if not is_suspended:
        return third_party
    return suspend_third_party(third_party_id=third_party.id, reason="It leaked its keys.", now=now or clock.now())


def a_customer(
    *, username: str | None = None, full_name: str = "Ada Fairweather", party_id: UUID | None = None
) -> User:
    """Make a customer who signed in once."""
    party_id = party_id or uuid4()
    return get_or_create_customer(party_id=party_id, username=username or f"psu.{party_id.hex}", full_name=full_name)


def a_member_of_staff(*groups: str, username: str = "sam") -> User:
    """Make a member of staff in these groups; the password is ``a long enough password``."""
    return put_staff_member(username=username, full_name="Sam Staff", password="a long enough password", groups=groups)


def a_token(
    *,
    client: Client | None = None,
    customer: User | None = None,
    consent_id: UUID | None = None,
    scope: str = "accounts",
    expires_at: datetime | None = None,
    now: datetime | None = None,
) -> str:
    """
    Issue an access token past the endpoints and return it.

    With a ``consent_id`` it is a customer's, without one the client's own.
    """
    now = now or clock.now()
    client = client or a_client(now=now)
    token = token_urlsafe(32)
    authorization = None
    if consent_id is not None:
        customer = customer or a_customer()
        authorization = Authorization.objects.create(
            client=client,
            user=customer,
            consent_id=consent_id,
            scope=scope,
            details=[],
            acr="urn:openbanking:psd2:sca",
            auth_time=now,
            created_at=now,
        )
    AccessToken.objects.create(
        token_checksum=checksum(token),
        application=client,
        third_party=client.third_party,
        user=customer,
        authorization=authorization,
        consent_id=consent_id,
        scope=scope,
        expires=expires_at or now + timedelta(minutes=10),
        created=now,
    )
    return token


def a_third_party_client(*, alg: SigningAlgorithm = SigningAlgorithm.ES256, **changes: Any) -> ThirdPartyClient:
    """Register a client and return the software of its third party, which calls in this process."""
    name = changes.get("third_party_name", "first")
    key = a_key(alg, name)
    client = a_client(key=key, **changes)
    return ThirdPartyClient(
        http=in_process(), client_id=client.client_id, key=key, redirect_uri=client.redirect_uris.split()[0]
    )
