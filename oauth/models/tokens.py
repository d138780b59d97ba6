"""Tokens: of access and refresh tokens only the SHA-256 is kept, of id_tokens the identifier."""

from django.conf import settings
from django.db import models

from kernel import clock
from kernel.identifiers import new_id
from oauth.dot.bases import AbstractAccessToken, AbstractIDToken, AbstractRefreshToken
from oauth.models.authorizations import Authorization
from oauth.models.third_parties import Client, ThirdParty


class AccessToken(AbstractAccessToken):
    """
    An opaque access token; with a consent it is a customer's, without one the client's own.

    Third party, client, customer and consent are repeated here, where the gate finds them in one row;
    they have no index, since nobody looks tokens up by them. A refresh adds a row and leaves the others
    (hole H8). ``cnf`` binds the token to a key (RFC 7800).
    """

    source_refresh_token = None
    token = None
    id_token = None
    resource = None
    updated = None

    token_checksum = models.BinaryField(max_length=32, unique=True)
    application = models.ForeignKey(
        Client, models.PROTECT, to_field="client_id", db_column="client_id", related_name="+", db_index=False
    )
    third_party = models.ForeignKey(ThirdParty, models.PROTECT, related_name="+", db_index=False)
    user = models.ForeignKey(
        settings.AUTH_USER_MODEL,
        models.PROTECT,
        null=True,
        blank=True,
        db_column="customer_id",
        related_name="+",
        db_index=False,
    )
    authorization = models.ForeignKey(
        Authorization, models.CASCADE, null=True, blank=True, related_name="access_tokens"
    )
    consent_id = models.UUIDField(null=True, blank=True)
    scope = models.TextField()
    cnf = models.JSONField(null=True, blank=True)
    expires = models.DateTimeField(db_index=True)
    revoked_at = models.DateTimeField(null=True, blank=True)
    created = models.DateTimeField(default=clock.now, editable=False)

    class Meta:
        db_table = "oauth_accesstoken"
        constraints = [
            models.CheckConstraint(
                name="access_token_is_bound_to_a_consent_or_to_nobody",
                condition=models.Q(user__isnull=True, consent_id__isnull=True, authorization__isnull=True)
                | models.Q(user__isnull=False, consent_id__isnull=False, authorization__isnull=False),
            )
        ]

    def __str__(self) -> str:
        return f"AccessToken {self.pk}"


class RefreshToken(AbstractRefreshToken):
    """A refresh token; it lives as long as its authorisation and is not rotated (FAPI 2.0 §5.3.2.1)."""

    user = None
    token = None
    access_token = None
    token_family = None
    resource = None
    revoked = None
    updated = None

    token_checksum = models.BinaryField(max_length=32, unique=True)
    application = models.ForeignKey(
        Client, models.PROTECT, to_field="client_id", db_column="client_id", related_name="+", db_index=False
    )
    authorization = models.ForeignKey(Authorization, models.CASCADE, related_name="refresh_tokens")
    cnf = models.JSONField(null=True, blank=True)
    revoked_at = models.DateTimeField(null=True, blank=True)
    created = models.DateTimeField(default=clock.now, editable=False)

    class Meta:
        db_table = "oauth_refreshtoken"

    def __str__(self) -> str:
        return f"RefreshToken {self.pk}"


class IDToken(AbstractIDToken):
    """An id_token that was signed; the token itself is not kept."""

    user = None
    scope = None
    updated = None

    jti = models.UUIDField(unique=True, default=new_id, editable=False)
    application = models.ForeignKey(
        Client, models.PROTECT, to_field="client_id", db_column="client_id", related_name="+", db_index=False
    )
    authorization = models.ForeignKey(Authorization, models.CASCADE, related_name="id_tokens")
    expires = models.DateTimeField(db_index=True)
    created = models.DateTimeField(default=clock.now, editable=False)

    class Meta:
        db_table = "oauth_idtoken"

    def __str__(self) -> str:
        return f"IDToken {self.jti}"
