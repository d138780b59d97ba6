"""What can be asked about payment orders."""

from uuid import UUID

from oauth.access import Caller
from payments.errors import PaymentNotFound
from payments.models import Payment


def get_payment(*, caller: Caller, payment_id: UUID) -> Payment:
    """
    Return a payment that the caller made.

    :raises PaymentNotFound: if there is none, or another third party made it.
    """
    payment = Payment.objects.filter(id=payment_id, third_party_id=caller.third_party_id).first()
    if payment is None:
        raise PaymentNotFound(payment_id=payment_id)
    return payment
