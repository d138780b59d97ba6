"""What the server says of itself: RFC 8414 metadata, OpenID discovery and keys, all from the profile."""

from typing import Any

from django.conf import settings
from django.http import HttpRequest, JsonResponse
from django.urls import reverse
from django.views.decorators.cache import cache_control
from django.views.decorators.http import require_safe

from oauth.keys import public_keys
from oauth.profiles import FAPI2_SP, SecurityProfile
from oauth.requests import DETAILS_TYPES, SCOPES


@require_safe
@cache_control(public=True, max_age=300)
def metadata(request: HttpRequest) -> JsonResponse:
    """Serve the metadata document, the same one at both well-known addresses."""
    return JsonResponse(describe(FAPI2_SP))


@require_safe
@cache_control(public=True, max_age=300)
def jwks(request: HttpRequest) -> JsonResponse:
    """Serve the keys that verify what the platform signs."""
    return JsonResponse({"keys": public_keys()}, content_type="application/jwk-set+json")


def describe(profile: SecurityProfile) -> dict[str, Any]:
    """Return the metadata of a profile (RFC 8414 §2, OpenID Connect Discovery §3): what is true, and no more."""
    return {
        "issuer": settings.OAUTH_ISSUER,
        "authorization_endpoint": _address("authorize"),
        "pushed_authorization_request_endpoint": _address("par"),
        "token_endpoint": _address("token"),
        "revocation_endpoint": _address("revoke"),
        "jwks_uri": _address("jwks"),
        "require_pushed_authorization_requests": profile.require_par,
        "request_parameter_supported": False,
        "request_uri_parameter_supported": False,
        "claims_parameter_supported": False,
        "authorization_response_iss_parameter_supported": True,
        "response_types_supported": list(profile.response_types),
        "response_modes_supported": list(profile.response_modes),
        "grant_types_supported": list(profile.grant_types),
        "code_challenge_methods_supported": list(profile.code_challenge_methods),
        "token_endpoint_auth_methods_supported": list(profile.auth_methods),
        "token_endpoint_auth_signing_alg_values_supported": list(profile.signing_algs),
        "revocation_endpoint_auth_methods_supported": list(profile.auth_methods),
        "revocation_endpoint_auth_signing_alg_values_supported": list(profile.signing_algs),
        "scopes_supported": list(SCOPES),
        "authorization_details_types_supported": sorted(DETAILS_TYPES.values()),
        "subject_types_supported": ["public"],
        "id_token_signing_alg_values_supported": list(profile.id_token_algs),
        "claims_supported": ["iss", "sub", "aud", "exp", "iat", "auth_time", "acr", "nonce"],
    }


def _address(name: str) -> str:
    return f"{settings.OAUTH_ISSUER}{reverse(f'oauth:{name}')}"
