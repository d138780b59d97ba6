"""Consents, the accounts each covers, and the terms of a payment; rows are never deleted."""

from datetime import datetime
from functools import reduce
from operator import or_

from django.conf import settings
from django.contrib.postgres.fields import ArrayField
from django.db import models
from django.db.models import Q

from consents.deadlines import ANSWER_WITHIN
from consents.states import LIFECYCLES, ConsentKind, ConsentStatus, EndedBy
from kernel.identifiers import new_id

_FINAL = reduce(or_, (Q(kind=kind, status__in=table.final) for kind, table in LIFECYCLES.items()))
_KNOWN = reduce(or_, (Q(kind=kind, status__in=table.states) for kind, table in LIFECYCLES.items()))
_GRANTED = (ConsentStatus.AUTHORISED, ConsentStatus.USED)


class Consent(models.Model):
    """
    A customer's permission for one third party to use named accounts.

    What was lodged never changes (a trigger holds it); only the status and what belongs to an answer
    or an end do. The customer is unknown until somebody answers: the first one owns the consent.
    """

    id = models.UUIDField(primary_key=True, default=new_id, editable=False)
    kind = models.CharField(max_length=20, choices=ConsentKind)
    status = models.CharField(max_length=30, choices=ConsentStatus, default=ConsentStatus.AWAITING_AUTHORISATION)
    third_party = models.ForeignKey("oauth.ThirdParty", models.PROTECT, related_name="+")
    client_id = models.CharField("client", max_length=100)
    customer = models.ForeignKey(settings.AUTH_USER_MODEL, models.PROTECT, related_name="+", null=True)

    permissions = ArrayField(models.CharField(max_length=40), default=list)
    expires_at = models.DateTimeField(null=True)
    transactions_from = models.DateTimeField(null=True)
    transactions_to = models.DateTimeField(null=True)

    face = models.CharField(max_length=20)
    face_version = models.CharField(max_length=10)
    lodged = models.JSONField()

    created_at = models.DateTimeField()
    status_updated_at = models.DateTimeField()
    authorised_at = models.DateTimeField(null=True)
    ended_at = models.DateTimeField(null=True)
    ended_by = models.CharField(max_length=20, choices=EndedBy, blank=True)
    end_reason = models.CharField(max_length=500, blank=True)

    class Meta:
        constraints = [
            models.CheckConstraint(name="consent_status_is_of_its_kind", condition=_KNOWN),
            models.CheckConstraint(
                name="consent_ended_iff_final",
                condition=(_FINAL & Q(ended_at__isnull=False)) | (~_FINAL & Q(ended_at__isnull=True)),
            ),
            models.CheckConstraint(
                name="consent_granted_has_customer",
                condition=~Q(status__in=_GRANTED) | Q(customer__isnull=False, authorised_at__isnull=False),
            ),
            models.CheckConstraint(
                name="consent_ended_by_iff_ended",
                condition=Q(status=ConsentStatus.ENDED, ended_by__in=EndedBy.values)
                | (~Q(status=ConsentStatus.ENDED) & Q(ended_by="")),
            ),
            models.CheckConstraint(
                name="consent_access_names_permissions",
                condition=Q(kind=ConsentKind.ACCOUNT_ACCESS, permissions__len__gt=0)
                | Q(kind=ConsentKind.SINGLE_PAYMENT, permissions=[]),
            ),
            models.CheckConstraint(
                name="consent_payment_has_an_end",
                condition=~Q(kind=ConsentKind.SINGLE_PAYMENT) | Q(expires_at__isnull=False),
            ),
        ]
        indexes = [
            models.Index("customer", models.F("id").desc(), name="consent_by_customer"),
            models.Index("third_party", models.F("id").desc(), name="consent_by_third_party"),
            models.Index(
                "expires_at",
                name="consent_due_to_expire",
                condition=Q(status__in=(ConsentStatus.AUTHORISED, ConsentStatus.AWAITING_AUTHORISATION)),
            ),
            models.Index(
                "created_at", name="consent_unanswered", condition=Q(status=ConsentStatus.AWAITING_AUTHORISATION)
            ),
        ]

    def __str__(self) -> str:
        return self.id.hex

    def is_past_its_end(self, now: datetime) -> bool:
        """Say whether its time is over, whether or not the expiry job has come by."""
        return self.expires_at is not None and self.expires_at <= now

    def status_at(self, now: datetime) -> ConsentStatus:
        """Return the status that holds at ``now``, whether or not the expiry job has written it down."""
        status = ConsentStatus(self.status)
        is_unanswered = status == ConsentStatus.AWAITING_AUTHORISATION
        is_over = is_unanswered and self.created_at <= now - ANSWER_WITHIN
        may_end = is_unanswered or status == ConsentStatus.AUTHORISED
        return ConsentStatus.EXPIRED if is_over or (may_end and self.is_past_its_end(now)) else status


class ConsentAccount(models.Model):
    """One account that one consent covers; for a payment, the account that is debited."""

    pk = models.CompositePrimaryKey("consent_id", "account_id")
    consent = models.ForeignKey(Consent, models.PROTECT, related_name="accounts", db_index=False)
    account_id = models.UUIDField()

    class Meta:
        indexes = [models.Index("account_id", "consent_id", name="consentaccount_by_account")]

    def __str__(self) -> str:
        return f"{self.consent_id} {self.account_id}"


class PaymentTerms(models.Model):
    """What a payment consent permits to the last digit; never changed once lodged."""

    consent = models.OneToOneField(Consent, models.PROTECT, primary_key=True, related_name="terms")
    amount_minor = models.BigIntegerField()
    currency = models.CharField(max_length=3)
    creditor_name = models.CharField(max_length=350)
    creditor_scheme = models.CharField(max_length=60)
    creditor_identification = models.CharField(max_length=256)
    debtor_scheme = models.CharField(max_length=60, blank=True)
    debtor_identification = models.CharField(max_length=256, blank=True)
    reference = models.CharField(max_length=140, blank=True)
    end_to_end_identification = models.CharField(max_length=35)
    instruction_identification = models.CharField(max_length=35)

    class Meta:
        verbose_name_plural = "payment terms"
        constraints = [models.CheckConstraint(name="payment_terms_amount_is_positive", condition=Q(amount_minor__gt=0))]

    def __str__(self) -> str:
        return f"{self.amount_minor} {self.currency}"
