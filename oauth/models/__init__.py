"""The room's tables: people, third parties and their clients, requests, authorisations, tokens."""

from oauth.models.authorizations import Authorization, AuthorizationCode
from oauth.models.people import User
from oauth.models.requests import PushedRequest, UsedAssertion
from oauth.models.third_parties import Client, ThirdParty
from oauth.models.tokens import AccessToken, IDToken, RefreshToken

__all__ = [
    "AccessToken",
    "Authorization",
    "AuthorizationCode",
    "Client",
    "IDToken",
    "PushedRequest",
    "RefreshToken",
    "ThirdParty",
    "UsedAssertion",
    "User",
]
