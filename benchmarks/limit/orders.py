"""An order as any application would store it, written with or without the event that tells of it."""

import time
from typing import Any

from django.db import connection, transaction

from kernel import clock
from kernel.identifiers import new_id
from payments.events import PaymentSubmitted
from streaming import outbox

CREATE_TABLE = """
CREATE TABLE IF NOT EXISTS benchmark_order (
    id uuid PRIMARY KEY, account_id uuid NOT NULL, third_party_id uuid NOT NULL, amount_minor bigint NOT NULL,
    currency text NOT NULL, creditor text NOT NULL, status text NOT NULL,
    created_at timestamptz NOT NULL DEFAULT now());
CREATE INDEX IF NOT EXISTS benchmark_order_account ON benchmark_order (account_id, created_at)
"""

INSERT = """
INSERT INTO benchmark_order (id, account_id, third_party_id, amount_minor, currency, creditor, status)
VALUES (uuidv7(), gen_random_uuid(), gen_random_uuid(), 4250, 'GBP', 'Hollin & Sons Ltd', 'PDNG')
"""


def a_submission() -> PaymentSubmitted:
    """Return the event of a new order."""
    return PaymentSubmitted(
        occurred_at=clock.now(),
        payment_id=new_id(),
        third_party_id=new_id(),
        consent_id=new_id(),
        customer_id=new_id(),
        debtor_account_id=new_id(),
        amount_minor=4_250,
        currency="GBP",
        creditor_name="Hollin & Sons Ltd",
        creditor_scheme="UK.OBIE.SortCodeAccountNumber",
        creditor_identification="20051742318896",
        status="PDNG",
    )


def writer() -> Any:
    """Be one writer of a crew: each round, write orders for some seconds and return how many."""
    connection.ensure_connection()
    a_submission().to_payload()  # the first one of a type also compiles its schema.

    def write(*, seconds: float, has_event: bool) -> int:
        until, written = time.monotonic() + seconds, 0
        while time.monotonic() < until:
            with transaction.atomic():
                with connection.cursor() as cursor:
                    cursor.execute(INSERT)
                if has_event:
                    outbox.record(a_submission())
            written += 1
        return written

    return write
