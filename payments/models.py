"""Payment orders; rows are never deleted."""

from django.db import models
from django.db.models import Q

from kernel.identifiers import new_id
from payments.states import LIFECYCLE, PaymentStatus


class Payment(models.Model):
    """
    One order to pay, made by a third party with a customer's approval; the approval serves once.

    The terms are those that the customer approved and never change. The status is moved by the core's reports
    only: ``source_version`` is the position in the core's log of the report that it stems from, 0 before any.
    """

    id = models.UUIDField(primary_key=True, default=new_id, editable=False)
    consent_id = models.UUIDField(unique=True)
    third_party_id = models.UUIDField()
    client_id = models.CharField(max_length=100)
    customer_id = models.UUIDField()

    debtor_account_id = models.UUIDField()
    amount_minor = models.BigIntegerField()
    currency = models.CharField(max_length=3)
    creditor_name = models.CharField(max_length=350)
    creditor_scheme = models.CharField(max_length=60)
    creditor_identification = models.CharField(max_length=256)
    reference = models.CharField(max_length=140, blank=True)
    end_to_end_identification = models.CharField(max_length=35)
    instruction_identification = models.CharField(max_length=35)
    lodged = models.JSONField()

    status = models.CharField(max_length=4, choices=PaymentStatus, default=PaymentStatus.RCVD)
    reason_code = models.CharField(max_length=35, blank=True)
    reason_text = models.TextField(blank=True)
    core_reference = models.TextField(blank=True)
    source_version = models.BigIntegerField(default=0)
    created_at = models.DateTimeField()
    status_updated_at = models.DateTimeField()

    class Meta:
        constraints = [
            models.CheckConstraint(name="payment_status_is_known", condition=Q(status__in=LIFECYCLE.states)),
            models.CheckConstraint(name="payment_amount_is_positive", condition=Q(amount_minor__gt=0)),
        ]
        indexes = [
            models.Index("third_party_id", models.F("id").desc(), name="payment_by_third_party"),
            models.Index("customer_id", models.F("id").desc(), name="payment_by_customer"),
            models.Index("debtor_account_id", models.F("id").desc(), name="payment_by_debtor_account"),
        ]

    def __str__(self) -> str:
        return self.id.hex
