"""The authorisation server: swapped models, DOT's switches, where signing keys lie."""

from typing import Any

from openbanking.settings.base import BASE_URL, ENVIRONMENT, SERVICES_DIR

OAUTH2_PROVIDER_APPLICATION_MODEL = "oauth.Client"
OAUTH2_PROVIDER_GRANT_MODEL = "oauth.AuthorizationCode"
OAUTH2_PROVIDER_ACCESS_TOKEN_MODEL = "oauth.AccessToken"
OAUTH2_PROVIDER_REFRESH_TOKEN_MODEL = "oauth.RefreshToken"
OAUTH2_PROVIDER_ID_TOKEN_MODEL = "oauth.IDToken"

OAUTH2_PROVIDER: dict[str, Any] = {}
"""DOT's own settings; filled with the room ``oauth``."""

OAUTH_ISSUER = BASE_URL
OAUTH_KEYS_DIR = ENVIRONMENT.oauth_keys_dir or SERVICES_DIR / "keys"
