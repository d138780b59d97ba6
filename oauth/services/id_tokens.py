"""Who signed in, when and how: OpenID Connect's signed statement to the client."""

from datetime import datetime

from django.conf import settings

from kernel.identifiers import new_id
from oauth.models import Authorization, IDToken
from oauth.profiles import PROFILES
from oauth.services.signing import SigningPurpose, sign
from oauth.states import SigningAlgorithm


def sign_id_token(*, authorization: Authorization, nonce: str, now: datetime) -> str:
    """Return the id_token of an authorisation (OpenID Connect Core §2), and note that it was issued."""
    client = authorization.client
    expires = now + PROFILES[client.profile].access_token_ttl
    jti = new_id()
    IDToken.objects.create(jti=jti, application=client, authorization=authorization, expires=expires, created=now)
    claims = {
        "iss": settings.OAUTH_ISSUER,
        "sub": str(authorization.user_id),
        "aud": client.client_id,
        "exp": int(expires.timestamp()),
        "iat": int(now.timestamp()),
        "auth_time": int(authorization.auth_time.timestamp()),
        "acr": authorization.acr,
        "jti": str(jti),
    } | ({"nonce": nonce} if nonce else {})
    return sign(
        claims=claims, purpose=SigningPurpose.ID_TOKEN, alg=SigningAlgorithm(client.id_token_signed_response_alg)
    )
