"""The one table of this room: which idempotency keys were used for what."""

from django.db import models


class IdempotencyKey(models.Model):
    """One use of an idempotency key by a third party: what it made, and the hash of the body that asked for it."""

    third_party_id = models.UUIDField()
    operation = models.CharField(max_length=60)
    key = models.CharField(max_length=128)
    body_hash = models.BinaryField(max_length=32)
    resource_id = models.UUIDField()
    created_at = models.DateTimeField()

    class Meta:
        db_table = "edge_idempotency"
        constraints = [
            models.UniqueConstraint(
                name="idempotency_key_names_one_resource", fields=["third_party_id", "operation", "key"]
            )
        ]
        indexes = [models.Index(name="edge_idempotency_created_at", fields=["created_at"])]

    def __str__(self) -> str:
        return f"{self.operation} {self.resource_id}"
