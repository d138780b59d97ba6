"""How long a consent waits: for its customer's answer, and once a payment is approved, for its order."""

from datetime import timedelta

ANSWER_WITHIN = timedelta(hours=24)
"""How long a lodged consent waits for an answer."""

PAYMENT_USE_WITHIN = timedelta(hours=1)
"""How long after the customer's yes the third party may make the payment."""
