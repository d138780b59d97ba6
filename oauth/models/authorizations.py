"""What a customer authorised, and the one-time code that carries it to the client."""

from django.conf import settings
from django.db import models

from kernel import clock
from kernel.identifiers import new_id
from oauth.dot.bases import AbstractGrant
from oauth.models.third_parties import Client


class Authorization(models.Model):
    """
    A customer's yes to one client's request: the spine to which codes and tokens point.

    Its id is public, as ``grant_id``. ``consent_id`` names a row of the room above.
    """

    id = models.UUIDField(primary_key=True, default=new_id, editable=False)
    client = models.ForeignKey(Client, models.PROTECT, to_field="client_id", related_name="+")
    user = models.ForeignKey(settings.AUTH_USER_MODEL, models.PROTECT, db_column="customer_id", related_name="+")
    consent_id = models.UUIDField(db_index=True)
    scope = models.TextField()
    details = models.JSONField(help_text="RFC 9396 authorization_details, as pushed.")
    acr = models.CharField(max_length=100)
    auth_time = models.DateTimeField()
    created_at = models.DateTimeField(default=clock.now, editable=False)
    revoked_at = models.DateTimeField(null=True, blank=True)

    class Meta:
        db_table = "oauth_authorization"

    def __str__(self) -> str:
        return f"Authorization {self.pk}"


class AuthorizationCode(AbstractGrant):
    """A code on its way from the customer's browser to the client; only its SHA-256 is kept."""

    user = None
    code = None
    scope = None
    code_challenge_method = None
    claims = None
    resource = None
    updated = None

    code_checksum = models.BinaryField(max_length=32, unique=True)
    authorization = models.OneToOneField(Authorization, models.CASCADE, related_name="code")
    application = models.ForeignKey(
        Client, models.PROTECT, to_field="client_id", db_column="client_id", related_name="+", db_index=False
    )
    redirect_uri = models.TextField()
    code_challenge = models.CharField(max_length=43, help_text="RFC 7636, S256 only.")
    nonce = models.CharField(max_length=512, blank=True, default="")
    dpop_jkt = models.CharField(max_length=43, blank=True, default="")
    expires = models.DateTimeField(db_index=True)
    consumed_at = models.DateTimeField(null=True, blank=True)
    created = models.DateTimeField(default=clock.now, editable=False)

    class Meta:
        db_table = "oauth_authorizationcode"

    def __str__(self) -> str:
        return f"AuthorizationCode {self.pk}"
