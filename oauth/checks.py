"""What must hold before the server may issue tokens, and what is still missing for production."""

import stat
from collections.abc import Iterator, Sequence
from typing import Any

from django.conf import settings
from django.core.checks import CheckMessage, Error, Tags, register
from django.db import DatabaseError
from django.db.models import Q

from oauth.keys import key_file
from oauth.models import Client
from oauth.profiles import PROFILES
from oauth.redirect_uris import is_allowed_redirect_uri
from oauth.states import AuthMethod, SigningAlgorithm


@register(Tags.security, deploy=True)
def check_production(app_configs: Sequence[Any] | None, **_: Any) -> list[CheckMessage]:
    """Name what a production must have and this deployment has not."""
    return [*_sign_in_faults(), *_profile_faults(), *_key_faults()]


@register(Tags.security, deploy=True)
def check_clients(app_configs: Sequence[Any] | None, **_: Any) -> list[CheckMessage]:
    """Name registered clients that anybody could pose as, or whose customers could be led elsewhere."""
    try:
        blank = list(Client.objects.filter(_HAS_NOTHING_TO_SHOW).values_list("client_id", flat=True))
        uris = list(Client.objects.values_list("client_id", "redirect_uris"))
    except DatabaseError as error:
        return [Error(f"The registered clients cannot be read: {type(error).__name__}.", id="oauth.E008")]
    led_elsewhere = [name for name, registered in uris if not all(map(is_allowed_redirect_uri, registered.split()))]
    faults = [
        Error(f"Client {name} is confidential and has neither secret nor key.", id="oauth.E006") for name in blank
    ]
    faults += [Error(f"Client {name} has a redirect URI that is not https.", id="oauth.E007") for name in led_elsewhere]
    return list(faults)


_HAS_NOTHING_TO_SHOW = Q(token_endpoint_auth_method=AuthMethod.PRIVATE_KEY_JWT, client_jwks={}) | (
    ~Q(token_endpoint_auth_method=AuthMethod.PRIVATE_KEY_JWT) & Q(client_secret="")
)


def _sign_in_faults() -> Iterator[CheckMessage]:
    if not settings.CUSTOMER_SIGN_IN or settings.SANDBOX:
        yield Error(
            "Customers cannot sign in: CUSTOMER_SIGN_IN names no adapter to the bank's own sign-in.",
            hint="The sandbox's passwords are no strong customer authentication.",
            id="oauth.E001",
        )
    if "allauth.mfa" not in settings.INSTALLED_APPS:
        yield Error("Staff sign in without a second factor.", id="oauth.E002")


def _profile_faults() -> Iterator[CheckMessage]:
    for profile in PROFILES.values():
        if not profile.sender_constraints:
            yield Error(
                f"Profile {profile.name}: access tokens are not bound to a key of the client.",
                hint="FAPI 2.0 §5.3.2.1 wants DPoP or mTLS; outside a sandbox no token is issued without.",
                id="oauth.E003",
            )
    if not settings.OAUTH_ISSUER.startswith("https://"):
        yield Error("The issuer (BASE_URL) is not an https address.", id="oauth.E004")


def _key_faults() -> Iterator[CheckMessage]:
    for path in map(key_file, SigningAlgorithm):
        if not path.exists():
            yield Error(f"The signing key {path} is missing.", id="oauth.E005")
        elif stat.S_IMODE(path.stat().st_mode) & 0o077:
            yield Error(f"The signing key {path} can be read by others than the platform's user.", id="oauth.E005")
