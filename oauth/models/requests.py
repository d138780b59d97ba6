"""What clients send ahead: pushed authorisation requests, and the assertions they used."""

from datetime import datetime

from django.db import models

from kernel import clock
from kernel.identifiers import new_id
from oauth.models.third_parties import Client


class PushedRequest(models.Model):
    """
    An authorisation request as it was pushed (RFC 9126); nothing of it changes afterwards.

    Its id names it on the customer's screens; the ``request_uri`` is a secret, of which only the
    SHA-256 is kept. Opening it once moves ``expires_at`` to the time by which the customer must answer.
    """

    id = models.UUIDField(primary_key=True, default=new_id, editable=False)
    reference_checksum = models.BinaryField(max_length=32, unique=True)
    client = models.ForeignKey(Client, models.CASCADE, to_field="client_id", related_name="+")
    consent_id = models.UUIDField(db_index=True)
    redirect_uri = models.TextField()
    scope = models.TextField()
    details = models.JSONField()
    state = models.TextField(blank=True, default="")
    nonce = models.CharField(max_length=512, blank=True, default="")
    code_challenge = models.CharField(max_length=43)
    dpop_jkt = models.CharField(max_length=43, blank=True, default="")
    created_at = models.DateTimeField(default=clock.now, editable=False)
    opened_at = models.DateTimeField(null=True, blank=True)
    expires_at = models.DateTimeField(db_index=True)
    consumed_at = models.DateTimeField(null=True, blank=True)

    class Meta:
        db_table = "oauth_pushedrequest"

    def __str__(self) -> str:
        return f"PushedRequest {self.pk}"

    def is_open(self, now: datetime) -> bool:
        """Say whether it can still be opened or answered."""
        return self.consumed_at is None and now < self.expires_at


class UsedAssertion(models.Model):
    """A JWT that was used, kept until it would have expired, so that it cannot be used again."""

    checksum = models.BinaryField(max_length=32, primary_key=True)
    expires_at = models.DateTimeField(db_index=True)

    class Meta:
        db_table = "oauth_usedassertion"

    def __str__(self) -> str:
        return "UsedAssertion"
