"""Endpoints and their keys, what each third party is told, and every delivery and attempt."""

from django.contrib.postgres.fields import ArrayField
from django.db import models
from django.db.models import Q
from django.db.models.functions import Now

from kernel.identifiers import new_id
from webhooks.states import DeliveryState, EndpointStatus


class Endpoint(models.Model):
    """A place where a third party wants events; rows are never deleted."""

    id = models.UUIDField(primary_key=True, default=new_id, editable=False)
    third_party = models.ForeignKey("oauth.ThirdParty", models.PROTECT, related_name="+")
    url = models.CharField("URL", max_length=500)
    description = models.CharField(max_length=200, blank=True)
    event_types = ArrayField(models.CharField(max_length=60), default=list)
    """Public names; none means all."""
    schemes = ArrayField(models.CharField(max_length=4), default=list)
    """Signature schemes, see :data:`webhooks.signing.SCHEMES`."""

    status = models.CharField(max_length=12, choices=EndpointStatus, default=EndpointStatus.UNCONFIRMED)
    status_reason = models.CharField(max_length=200, blank=True)
    status_changed_at = models.DateTimeField()
    created_at = models.DateTimeField()

    challenge = models.CharField(max_length=64)
    """What the receiver must echo before the endpoint goes live; drawn anew with each address."""
    challenge_attempts = models.PositiveSmallIntegerField(default=0)
    challenge_due_at = models.DateTimeField(db_default=Now())

    class Meta:
        constraints = [
            models.CheckConstraint(name="endpoint_has_a_scheme", condition=Q(schemes__len__gt=0)),
        ]
        indexes = [
            models.Index("third_party", "id", name="endpoint_by_third_party"),
            models.Index(
                "challenge_due_at",
                name="endpoint_to_be_challenged",
                condition=Q(status=EndpointStatus.UNCONFIRMED),
            ),
        ]

    def __str__(self) -> str:
        return self.id.hex


class EndpointKeys(models.Model):
    """One generation of an endpoint's keys, encrypted; while two generations overlap, both sign."""

    id = models.UUIDField(primary_key=True, default=new_id, editable=False)
    endpoint = models.ForeignKey(Endpoint, models.CASCADE, related_name="keys")
    sealed_secret = models.BinaryField()
    sealed_private_key = models.BinaryField()
    public_key = models.BinaryField(max_length=32)
    created_at = models.DateTimeField()
    retires_at = models.DateTimeField(null=True)
    """From then on these keys sign no more; ``None``: they are the newest."""

    class Meta:
        verbose_name_plural = "endpoint keys"
        constraints = [
            models.UniqueConstraint(
                "endpoint", name="endpointkeys_one_newest_generation", condition=Q(retires_at__isnull=True)
            ),
        ]

    def __str__(self) -> str:
        return self.id.hex


class LastPosition(models.Model):
    """Head row of one third party's notifications: locked while positions are drawn, so that none is skipped."""

    third_party_id = models.UUIDField(primary_key=True)
    position = models.BigIntegerField()

    def __str__(self) -> str:
        return str(self.third_party_id)


class LastSequence(models.Model):
    """Head row of the deliveries about one resource to one endpoint."""

    pk = models.CompositePrimaryKey("endpoint_id", "resource_id")
    endpoint_id = models.UUIDField()
    resource_id = models.UUIDField()
    sequence = models.BigIntegerField()

    def __str__(self) -> str:
        return f"{self.endpoint_id} {self.resource_id}"


class Notification(models.Model):
    """
    One event for one third party, without personal data.

    ``account_id`` and what follows it say which live consent must cover the event when it is sent;
    without an account none is asked for (events about a consent itself, or one's own payment).
    """

    id = models.BigAutoField(primary_key=True)
    event_id = models.UUIDField()
    third_party_id = models.UUIDField()
    position = models.BigIntegerField()
    """Counts a third party's notifications from 1 without gaps, in the order in which they were committed."""

    type = models.CharField(max_length=60)
    resource_id = models.UUIDField()
    consent_ids = ArrayField(models.UUIDField())
    body = models.JSONField()
    """The member ``data`` of what is sent."""
    occurred_at = models.DateTimeField()
    recorded_at = models.DateTimeField()

    account_id = models.UUIDField(null=True)
    any_permission = ArrayField(models.CharField(max_length=40), default=list)
    all_permissions = ArrayField(models.CharField(max_length=40), default=list)
    true_at = models.DateTimeField(null=True)
    """Must lie in the consent's window of transactions."""

    class Meta:
        constraints = [
            models.UniqueConstraint("event_id", "third_party_id", name="notification_once_per_third_party"),
            models.UniqueConstraint("third_party_id", "position", name="notification_position_is_unique"),
        ]
        indexes = [models.Index("recorded_at", name="notification_by_age")]

    def __str__(self) -> str:
        return f"{self.type} {self.event_id}"


class Delivery(models.Model):
    """One notification for one endpoint; holds ids only, no payload."""

    id = models.BigAutoField(primary_key=True)
    endpoint = models.ForeignKey(Endpoint, models.PROTECT, related_name="+", db_index=False)
    event_id = models.UUIDField()
    third_party_id = models.UUIDField()
    type = models.CharField(max_length=60)
    sequence = models.BigIntegerField()
    """Counts the deliveries about one resource to this endpoint, so that a receiver sees gaps."""

    state = models.CharField(max_length=12, choices=DeliveryState, default=DeliveryState.DUE)
    reason = models.CharField(max_length=60, blank=True)
    attempts = models.PositiveSmallIntegerField(default=0)
    """Calls made since it last became due."""
    next_attempt_at = models.DateTimeField()
    """When it may be claimed; a claim moves it to the end of the lease."""
    lease = models.UUIDField(null=True)
    created_at = models.DateTimeField()
    finished_at = models.DateTimeField(null=True)

    class Meta:
        verbose_name_plural = "deliveries"
        constraints = [
            models.UniqueConstraint("endpoint", "event_id", name="delivery_once_per_endpoint"),
            models.CheckConstraint(
                name="delivery_finished_iff_not_due",
                condition=Q(state=DeliveryState.DUE, finished_at__isnull=True)
                | (~Q(state=DeliveryState.DUE) & Q(finished_at__isnull=False)),
            ),
        ]
        indexes = [
            models.Index("endpoint", "next_attempt_at", name="delivery_due", condition=Q(state=DeliveryState.DUE)),
            models.Index("endpoint", models.F("id").desc(), name="delivery_newest_first"),
            models.Index("created_at", name="delivery_by_age"),
        ]

    def __str__(self) -> str:
        return f"{self.type} {self.event_id}"


class Attempt(models.Model):
    """One call that was made for one delivery."""

    id = models.BigAutoField(primary_key=True)
    delivery_id = models.BigIntegerField()
    number = models.PositiveSmallIntegerField()
    started_at = models.DateTimeField()
    duration_ms = models.PositiveIntegerField()
    status = models.PositiveSmallIntegerField(null=True)
    outcome = models.CharField(max_length=60)
    """``status_…``, or why there was no answer."""
    excerpt = models.TextField(blank=True)
    """The first 4 kB of the answer, or the error, for the endpoint's owner to read."""

    class Meta:
        indexes = [
            models.Index("delivery_id", "id", name="attempt_by_delivery"),
            models.Index("started_at", name="attempt_by_age"),
        ]

    def __str__(self) -> str:
        return f"{self.delivery_id} #{self.number}"
