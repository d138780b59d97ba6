"""Where the endpoints are."""

from django.urls import path

from oauth.api.authorize import authorize
from oauth.api.discovery import jwks, metadata
from oauth.api.par import PushedAuthorizationRequest
from oauth.api.revoke import Revoke
from oauth.api.token import Token

app_name = "oauth"

urlpatterns = [
    path(".well-known/oauth-authorization-server", metadata, name="metadata"),
    path(".well-known/openid-configuration", metadata, name="openid-configuration"),
    path("oauth/jwks", jwks, name="jwks"),
    path("oauth/par", PushedAuthorizationRequest.as_view(), name="par"),
    path("oauth/authorize", authorize, name="authorize"),
    path("oauth/token", Token.as_view(), name="token"),
    path("oauth/revoke", Revoke.as_view(), name="revoke"),
]
