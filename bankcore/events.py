"""
The bank's facts in the platform's own words, whatever format the core speaks.

Every ``...Changed`` event carries the whole present state of one thing of the core. It is guarded by
``source_version``, the position of the change in the core's own log: of two events about the same thing
the one with the greater position is right, whichever arrives first. ``occurred_at`` is when it became true
in the core (UTC). ``is_snapshot`` marks history that is read for the first time: it fills views and is no news.
"""

from dataclasses import dataclass
from datetime import date, datetime
from uuid import UUID

from django.db.models import TextChoices

from bankcore import raw_schemas
from streaming import topics
from streaming.events import Event

topics.declare("core.accounts.v1", owner="bankcore", purpose="Accounts of the bank, each with its whole state.")
topics.declare("core.parties.v1", owner="bankcore", purpose="Customers of the bank, each with their whole state.")
topics.declare("core.holders.v1", owner="bankcore", purpose="Who holds which account, and as what.")
topics.declare("core.balances.v1", owner="bankcore", purpose="Booked and available balance of each account.")
topics.declare(
    "core.transactions.v1", retention_days=90, owner="bankcore", purpose="Booked and pending movements, by account."
)
topics.declare(
    "core.payment-status.v1", retention_days=90, owner="bankcore", purpose="What the core says about payments."
)
topics.declare(
    "payment.commands.v1",
    retention_days=7,
    owner="bankcore",
    purpose="Payments the core is to make, by debtor account.",
)

PAYMENT_STATUS_TOPIC = "core.raw.payment-status.v1"
"""Where the core answers payment commands, in its own words."""

CDC_TOPICS = tuple(f"core.raw.cdc.{table}" for table in ("cusmst", "accmst", "achold", "acbal", "trnjnl"))
"""Change-data capture of the core's tables, in Debezium's envelope, keyed by primary key (movements by account)."""

_RAW = "The core's own format; read by bankcore only."

for _topic in CDC_TOPICS:
    topics.declare(_topic, retention_days=7, owner="bankcore", purpose=_RAW, raw_schema=raw_schemas.CHANGE)
topics.declare(
    PAYMENT_STATUS_TOPIC,
    retention_days=7,
    owner="bankcore",
    purpose=_RAW,
    raw_schema=raw_schemas.PAYMENT_STATUS,
)


class AccountKind(TextChoices):
    CURRENT = "current"
    SAVINGS = "savings"
    CREDIT_CARD = "credit_card"


class AccountStatus(TextChoices):
    OPEN = "open"
    CLOSED = "closed"


class PartyKind(TextChoices):
    PERSON = "person"
    ORGANISATION = "organisation"


class HolderRole(TextChoices):
    OWNER = "owner"
    JOINT = "joint"


class BookingStatus(TextChoices):
    BOOKED = "booked"
    PENDING = "pending"


class Direction(TextChoices):
    """Seen from the account: a debit leaves it. On a credit card a purchase is a debit."""

    CREDIT = "credit"
    DEBIT = "debit"


@dataclass(frozen=True, slots=True, kw_only=True)
class AccountChanged(Event):
    """
    An account was opened, changed or closed.

    A credit card has a ``pan`` and, like every account of the bank, a sort code and number of its own.
    """

    name = "bankcore.account.changed"
    aggregate_type = "core_account"
    subject = "account_id"
    topic = "core.accounts.v1"
    personal = frozenset({"number_account", "iban", "pan", "nickname", "holder_name"})
    serves = ("1c", "7a", "8a", "10a")
    example = {
        "source_version": 41_207,
        "number_sort_code": "000926",
        "number_account": "12345678",
        "iban": "GB12TLRC00092612345678",
        "pan": None,
        "currency": "GBP",
        "product_name": "Everyday Current Account",
        "nickname": "Bills",
        "holder_name": "Ada Vellacott",
        "closed_date": None,
    }

    source_version: int
    is_snapshot: bool
    account_id: UUID
    number_sort_code: str
    number_account: str
    iban: str | None
    pan: str | None
    currency: str
    kind: AccountKind
    product_name: str
    nickname: str | None
    holder_name: str
    status: AccountStatus
    opened_date: date
    closed_date: date | None


@dataclass(frozen=True, slots=True, kw_only=True)
class PartyChanged(Event):
    """A customer of the bank became known or changed; ``customer_reference`` is the core's own key."""

    name = "bankcore.party.changed"
    aggregate_type = "core_party"
    subject = "party_id"
    topic = "core.parties.v1"
    personal = frozenset({"full_name", "email", "phone", "address_lines", "post_code", "town"})
    serves = ("1c", "5b", "7a", "9b")
    example = {
        "source_version": 41_203,
        "customer_reference": "1234567",
        "full_name": "Ada Vellacott",
        "email": "ada@example.com",
        "phone": "+44 7700 900001",
        "address_lines": ("1 Weir Street",),
        "post_code": "ZG1 1QT",
        "town": "Tolmere",
        "country": "GB",
    }

    source_version: int
    is_snapshot: bool
    party_id: UUID
    customer_reference: str
    kind: PartyKind
    full_name: str
    email: str | None
    phone: str | None
    address_lines: tuple[str, ...]
    post_code: str
    town: str
    country: str


@dataclass(frozen=True, slots=True, kw_only=True)
class HolderChanged(Event):
    """A party holds an account, or (``is_ended``) no longer does."""

    name = "bankcore.holder.changed"
    aggregate_type = "core_holder"
    subject = "holder_id"
    topic = "core.holders.v1"
    serves = ("5b", "7a", "8a")
    example = {"source_version": 41_209}

    source_version: int
    is_snapshot: bool
    holder_id: UUID
    party_id: UUID
    account_id: UUID
    role: HolderRole
    is_ended: bool


@dataclass(frozen=True, slots=True, kw_only=True)
class BalanceChanged(Event):
    """
    An account's balance moved; amounts are signed minor units, what the customer owes is negative.

    ``available_minor`` is booked less what is pending plus the credit limit (overdraft or card).
    """

    name = "bankcore.balance.changed"
    aggregate_type = "core_balance"
    subject = "account_id"
    topic = "core.balances.v1"
    serves = ("6a", "6b", "7a", "8a")
    example = {
        "source_version": 41_216,
        "currency": "GBP",
        "booked_minor": -1250,
        "available_minor": 48_750,
        "credit_limit_minor": 50_000,
    }

    source_version: int
    is_snapshot: bool
    account_id: UUID
    currency: str
    booked_minor: int
    available_minor: int
    credit_limit_minor: int | None
    as_of: datetime


@dataclass(frozen=True, slots=True, kw_only=True)
class TransactionChanged(Event):
    """
    A movement on an account is pending or booked.

    ``amount_minor`` is never negative, ``direction`` says which way. ``booked_at`` of a pending movement is
    the expected one. ``kind_code`` is the bank's own code; domain, family and sub-family are ISO 20022's
    bank transaction code. A pending movement keeps its ``transaction_id`` when it is booked.
    """

    name = "bankcore.transaction.changed"
    aggregate_type = "core_transaction"
    subject = "transaction_id"
    key = "account_id"
    topic = "core.transactions.v1"
    personal = frozenset(
        {"description", "counterparty_name", "counterparty_sort_code", "counterparty_account", "reference"}
    )
    serves = ("1b", "5c", "7a", "8a", "8b", "9a")
    example = {
        "source_version": 41_215,
        "source_ref": "92612345678:17",
        "amount_minor": 1250,
        "direction": Direction.DEBIT,
        "currency": "GBP",
        "description": "QP *THIRD BEAN TOLMERE",
        "kind_code": "CARD",
        "domain_code": "PMNT",
        "family_code": "CCRD",
        "sub_family_code": "POSD",
        "merchant_name": "Third Bean",
        "merchant_category_code": "5814",
        "counterparty_name": None,
        "counterparty_sort_code": None,
        "counterparty_account": None,
        "reference": None,
        "balance_after_minor": -1250,
        "payment_id": None,
    }

    source_version: int
    is_snapshot: bool
    transaction_id: UUID
    account_id: UUID
    source_ref: str
    status: BookingStatus
    direction: Direction
    amount_minor: int
    currency: str
    booked_at: datetime
    value_at: datetime
    description: str
    kind_code: str
    domain_code: str
    family_code: str
    sub_family_code: str
    merchant_name: str | None
    merchant_category_code: str | None
    counterparty_name: str | None
    counterparty_sort_code: str | None
    counterparty_account: str | None
    reference: str | None
    balance_after_minor: int | None
    payment_id: UUID | None


@dataclass(frozen=True, slots=True, kw_only=True)
class PaymentReported(Event):
    """The core said how far a payment has come: an ISO 20022 payment status and, for a refusal, its reason."""

    name = "bankcore.payment.reported"
    aggregate_type = "core_payment"
    subject = "payment_id"
    topic = "core.payment-status.v1"
    serves = ("1a", "8b", "10a")
    example = {
        "source_version": 41_230,
        "status": "ACSC",
        "reason_code": None,
        "reason_text": None,
        "core_reference": "TR000000041230",
    }

    source_version: int
    is_snapshot: bool
    payment_id: UUID
    status: str
    reason_code: str | None
    reason_text: str | None
    core_reference: str | None


@dataclass(frozen=True, slots=True, kw_only=True)
class PaymentInstructed(Event):
    """The platform asks the core to make one payment, once; ``payment_id`` names it however often it is asked."""

    name = "bankcore.payment.instructed"
    aggregate_type = "payment_command"
    subject = "payment_id"
    key = "debtor_account_id"
    topic = "payment.commands.v1"
    personal = frozenset({"debtor_account_number", "creditor_name", "creditor_identification", "reference"})
    serves = ("1a", "10a")
    example = {
        "debtor_sort_code": "000926",
        "debtor_account_number": "12345678",
        "amount_minor": 1200,
        "currency": "GBP",
        "creditor_name": "Beacon Lettings",
        "creditor_scheme": "UK.OBIE.SortCodeAccountNumber",
        "creditor_identification": "00120431415926",
        "reference": "INV 1",
        "end_to_end_identification": "E2E-1",
        "local_instrument": None,
    }

    payment_id: UUID
    debtor_account_id: UUID
    debtor_sort_code: str
    debtor_account_number: str
    amount_minor: int
    currency: str
    creditor_name: str
    creditor_scheme: str
    creditor_identification: str
    reference: str | None
    end_to_end_identification: str
    local_instrument: str | None
    third_party_id: UUID
    consent_id: UUID
    customer_id: UUID
