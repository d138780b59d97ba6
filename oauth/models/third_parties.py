"""Third parties and the clients (their software) that act for them."""

from django.db import models
from django.db.models import Q

from kernel import clock
from kernel.identifiers import new_id
from oauth.dot.bases import AbstractApplication
from oauth.profiles import FAPI2_SP, PROFILES
from oauth.states import AuthMethod, SigningAlgorithm, ThirdPartyStatus


class ThirdParty(models.Model):
    """A firm that customers may let in; rows are never deleted."""

    id = models.UUIDField(primary_key=True, default=new_id, editable=False)
    name = models.CharField(max_length=200)
    status = models.CharField(max_length=10, choices=ThirdPartyStatus.choices, default=ThirdPartyStatus.ACTIVE)
    status_reason = models.CharField(max_length=500, blank=True, help_text="Why it is not active.")
    status_changed_at = models.DateTimeField(default=clock.now)
    created_at = models.DateTimeField(default=clock.now, editable=False)

    class Meta:
        db_table = "oauth_thirdparty"
        verbose_name_plural = "third parties"
        constraints = [
            models.CheckConstraint(
                name="third_party_has_a_reason_iff_not_active",
                condition=Q(status=ThirdPartyStatus.ACTIVE, status_reason="")
                | (~Q(status=ThirdPartyStatus.ACTIVE) & ~Q(status_reason="")),
            )
        ]

    def __str__(self) -> str:
        return self.name


def new_client_id() -> str:
    """Return a new public client id: opaque, random."""
    return new_id().hex


class Client(AbstractApplication):
    """
    One software of a third party, registered with its redirect URIs and public keys.

    Upstream columns that could only loosen a rule (implicit grants, skipped consent, HS256, CORS)
    are taken away: what is not there cannot be switched on.
    """

    user = None
    post_logout_redirect_uris = None
    authorization_grant_type = None
    hash_client_secret = None
    skip_authorization = None
    algorithm = None
    allowed_origins = None
    cimd_expires_at = None
    updated = None

    client_id = models.CharField(max_length=255, unique=True, default=new_client_id, editable=False)
    third_party = models.ForeignKey(ThirdParty, models.PROTECT, related_name="clients")
    name = models.CharField(max_length=200)
    redirect_uris = models.TextField(blank=True, help_text="Separated by spaces; compared as exact strings.")
    client_type = models.CharField(max_length=32, default="confidential", editable=False)
    profile = models.CharField(max_length=20, choices=[(name, name) for name in PROFILES], default=FAPI2_SP.name)
    token_endpoint_auth_method = models.CharField(
        max_length=40, choices=AuthMethod.choices, default=AuthMethod.PRIVATE_KEY_JWT
    )
    client_jwks = models.JSONField(default=dict, help_text="The client's public keys, a JWK set.")
    client_secret = models.CharField(max_length=255, blank=True, default="", editable=False)
    id_token_signed_response_alg = models.CharField(
        max_length=10, choices=SigningAlgorithm.choices, default=SigningAlgorithm.PS256
    )

    class Meta:
        db_table = "oauth_client"
        constraints = [
            models.CheckConstraint(name="client_is_confidential", condition=Q(client_type="confidential")),
            models.CheckConstraint(  # hole H1: upstream lets a blank secret in.
                name="client_has_something_to_authenticate_with",
                condition=(Q(token_endpoint_auth_method=AuthMethod.PRIVATE_KEY_JWT) & ~Q(client_jwks={}))
                | (~Q(token_endpoint_auth_method=AuthMethod.PRIVATE_KEY_JWT) & ~Q(client_secret="")),
            ),
        ]

    def __str__(self) -> str:
        return self.name
