"""
Views of what the bank core says; only the consumers of this room write them.

Every row carries ``source_version`` (the position in the core's log that it stems from: a lower one never
overwrites it) and ``as_of`` (when it was true in the core). No row holds the time at which we heard of it, so
that a replay of the events gives the same rows. No row refers to another: events of different topics arrive in
any order. Rows with a document hold the face's JSON beside the columns, made when the event arrived.
"""

from django.contrib.postgres.fields import ArrayField
from django.db import models
from django.db.models import Q


class CoreView(models.Model):
    """What every view of the core has."""

    source_version = models.BigIntegerField()
    as_of = models.DateTimeField()

    class Meta:
        abstract = True


class Account(CoreView):
    """One account of the bank, open or closed."""

    id = models.UUIDField(primary_key=True)
    sort_code = models.CharField(max_length=6)
    account_number = models.CharField(max_length=8)
    iban = models.TextField(null=True)  # noqa: DJ001 - the core knows none.
    pan_last_four = models.CharField(max_length=4, blank=True)
    currency = models.CharField(max_length=3)
    kind = models.TextField()
    product_name = models.TextField()
    nickname = models.TextField(null=True)  # noqa: DJ001 - the customer gave none.
    holder_name = models.TextField()
    status = models.TextField()
    opened_date = models.DateField()
    closed_date = models.DateField(null=True)
    document_basic = models.TextField()
    document_detail = models.TextField()
    document_detail_pan = models.TextField(null=True)  # noqa: DJ001 - there is no PAN.

    class Meta:
        indexes = [
            models.Index(name="account_by_number", fields=["sort_code", "account_number"]),
            models.Index(name="account_by_iban", fields=["iban"], condition=Q(iban__isnull=False)),
        ]

    def __str__(self) -> str:
        return f"{self.product_name} ····{self.account_number[-4:]}"


class Holder(CoreView):
    """One party holds one account, alone or jointly; kept when it ends."""

    id = models.UUIDField(primary_key=True)
    party_id = models.UUIDField()
    account_id = models.UUIDField()
    role = models.TextField()
    is_ended = models.BooleanField()

    class Meta:
        indexes = [
            models.Index(name="holder_by_party", fields=["party_id", "account_id"]),
            models.Index(name="holder_by_account", fields=["account_id"]),
        ]

    def __str__(self) -> str:
        return f"{self.party_id} {self.role} {self.account_id}"


class Party(CoreView):
    """One person or organisation that the bank knows as its customer."""

    id = models.UUIDField(primary_key=True)
    customer_reference = models.TextField()
    kind = models.TextField()
    full_name = models.TextField()
    email = models.TextField(null=True)  # noqa: DJ001 - the core knows none.
    phone = models.TextField(null=True)  # noqa: DJ001 - the core knows none.
    address_lines = ArrayField(models.TextField())
    post_code = models.TextField()
    town = models.TextField()
    country = models.TextField()

    class Meta:
        verbose_name_plural = "parties"

    def __str__(self) -> str:
        return self.full_name


class Balance(CoreView):
    """What one account holds; signed minor units, money owed by the customer is negative."""

    account_id = models.UUIDField(primary_key=True)
    currency = models.CharField(max_length=3)
    booked_minor = models.BigIntegerField()
    available_minor = models.BigIntegerField()
    credit_limit_minor = models.BigIntegerField(null=True)
    document = models.TextField()

    def __str__(self) -> str:
        return f"{self.booked_minor} {self.currency}"


class Movement(CoreView):
    """What booked and pending transactions have in common; ``amount_minor`` is never negative."""

    id = models.UUIDField(primary_key=True)
    account_id = models.UUIDField()
    source_ref = models.TextField()
    direction = models.TextField()
    amount_minor = models.BigIntegerField()
    currency = models.CharField(max_length=3)
    booked_at = models.DateTimeField()
    value_at = models.DateTimeField()
    kind_code = models.TextField()
    description = models.TextField()
    balance_after_minor = models.BigIntegerField(null=True)
    payment_id = models.UUIDField(null=True)
    document_basic = models.TextField()
    document_detail = models.TextField()
    document_detail_pan = models.TextField(null=True)  # noqa: DJ001 - there is no PAN.

    class Meta:
        abstract = True

    def __str__(self) -> str:
        return f"{self.direction} {self.amount_minor} {self.currency}"


class Transaction(Movement):
    """
    One movement that is in the books; the core may still correct it.

    The page of all movements and that of the debits walk ``transaction_by_booking``. Credits are few, so a
    page of them would step over thousands of debits: they have an index of their own.
    """

    class Meta:
        constraints = [
            models.UniqueConstraint(name="transaction_known_once_to_the_core", fields=["account_id", "source_ref"]),
            models.CheckConstraint(name="transaction_amount_not_negative", condition=Q(amount_minor__gte=0)),
        ]
        indexes = [
            models.Index(
                "account_id", models.F("booked_at").desc(), models.F("id").desc(), name="transaction_by_booking"
            ),
            models.Index(
                "account_id",
                models.F("booked_at").desc(),
                models.F("id").desc(),
                name="transaction_credits_by_booking",
                condition=Q(direction="credit"),
            ),
        ]


class PendingTransaction(Movement):
    """One movement that is expected; ``booked_at`` is when. It leaves this table when it is booked."""

    class Meta:
        constraints = [
            models.CheckConstraint(name="pending_amount_not_negative", condition=Q(amount_minor__gte=0)),
        ]
        indexes = [
            models.Index("account_id", models.F("booked_at").desc(), models.F("id").desc(), name="pending_by_booking"),
        ]
