"""The authorisation server: swapped models, DOT's switches, where signing keys lie."""

from typing import Any

from openbanking.settings.base import BASE_URL, ENVIRONMENT, SERVICES_DIR

OAUTH2_PROVIDER_APPLICATION_MODEL = "oauth.Client"
OAUTH2_PROVIDER_GRANT_MODEL = "oauth.AuthorizationCode"
OAUTH2_PROVIDER_ACCESS_TOKEN_MODEL = "oauth.AccessToken"
OAUTH2_PROVIDER_REFRESH_TOKEN_MODEL = "oauth.RefreshToken"
OAUTH2_PROVIDER_ID_TOKEN_MODEL = "oauth.IDToken"

OAUTH2_PROVIDER: dict[str, Any] = {
    "SCOPES": {"accounts": "Read accounts", "payments": "Make payments", "openid": "Know who signed in"},
    "ALLOWED_REDIRECT_URI_SCHEMES": ["https"],
    "AUTHORIZATION_CODE_EXPIRE_SECONDS": 60,
    "ACCESS_TOKEN_EXPIRE_SECONDS": 600,
    "REFRESH_TOKEN_REUSE_PROTECTION": True,
    "OIDC_ISS_ENDPOINT": BASE_URL,
    "APPLICATION_ADMIN_CLASS": "oauth.admin.ClientAdmin",
    **dict.fromkeys(
        ("ACCESS_TOKEN_ADMIN_CLASS", "GRANT_ADMIN_CLASS", "ID_TOKEN_ADMIN_CLASS", "REFRESH_TOKEN_ADMIN_CLASS"),
        "edge.staff.StaffModelAdmin",  # which names no group: nobody sees them.
    ),
    **{
        f"COMPLIANT_BCP_RFC9700_{rule}": True
        for rule in (
            "IMPLICIT_GRANT",
            "PASSWORD_GRANT",
            "PKCE_METHOD",
            "PKCE_REQUIRED",
            "ACCESS_TOKEN_TRANSPORT",
            "AUTHZ_RESPONSE_ISS",
            "TOKEN_STORAGE",
            "REFRESH_TOKEN",
            "REDIRECT_URI_SCHEME",
            "REDIRECT_URI_MATCHING",
        )
    },
}
"""DOT's own settings. Its views are not served; these keep its system checks and its admin in line with ours."""

OAUTH_ISSUER = BASE_URL
OAUTH_KEYS_DIR = ENVIRONMENT.oauth_keys_dir or SERVICES_DIR / "keys"
