"""How callers prove who they are, as the OpenAPI document tells it: one scheme for each kind of token."""

from typing import Any

from drf_spectacular.extensions import OpenApiAuthenticationExtension
from drf_spectacular.openapi import AutoSchema

from standards.uk.operations import Token

SECURITY_NAMES = {Token.CLIENT: "TPPOAuth2Security", Token.CONSENT: "PSUOAuth2Security"}

_SCOPES = {"accounts": "Read accounts that customers share.", "payments": "Make payments that customers approve."}

SECURITY_SCHEMES: dict[str, Any] = {
    "TPPOAuth2Security": {
        "type": "oauth2",
        "description": "The third party in its own name: client credentials, authenticated by private_key_jwt.",
        "flows": {"clientCredentials": {"tokenUrl": "/oauth/token", "scopes": _SCOPES}},
    },
    "PSUOAuth2Security": {
        "type": "oauth2",
        "description": "A customer's consent: the request is pushed to /oauth/par first (RFC 9126), names the consent "
        "in authorization_details (RFC 9396) and uses PKCE with S256.",
        "flows": {
            "authorizationCode": {
                "authorizationUrl": "/oauth/authorize",
                "tokenUrl": "/oauth/token",
                "refreshUrl": "/oauth/token",
                "scopes": _SCOPES,
            }
        },
    },
}


class ClientTokenScheme(OpenApiAuthenticationExtension):  # type: ignore[no-untyped-call]  # its hook has no types.
    """Describes the house's own APIs, which ask for the client's own token."""

    target_class = "oauth.authentication.ClientToken"
    name = "TPPOAuth2Security"

    def get_security_definition(self, auto_schema: AutoSchema) -> dict[str, Any]:
        definition: dict[str, Any] = SECURITY_SCHEMES[self.name]
        return definition

    def get_security_requirement(self, auto_schema: AutoSchema) -> dict[str, list[str]]:
        scope = getattr(auto_schema.view, "required_scope", None)
        return {self.name: [scope] if scope else []}
