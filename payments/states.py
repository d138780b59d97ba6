"""The life of a payment order: one table for code, tests, documents and the database."""

from django.db.models import TextChoices

from kernel.states import Lifecycle


class PaymentStatus(TextChoices):
    """ISO 20022 external payment transaction status codes, as the UK standard uses them for single payments."""

    RCVD = "RCVD", "Received"
    PDNG = "PDNG", "Pending"
    ACTC = "ACTC", "Technically valid"
    PATC = "PATC", "Waiting for further authorisers"
    ACCP = "ACCP", "Customer profile accepted"
    ACFC = "ACFC", "Funds checked"
    ACSP = "ACSP", "Settlement in process"
    ACWC = "ACWC", "Accepted with a change"
    ACSC = "ACSC", "Debited"
    ACWP = "ACWP", "Accepted by the payee's bank, not posted"
    ACCC = "ACCC", "Credited to the payee"
    BLCK = "BLCK", "Blocked"
    RJCT = "RJCT", "Rejected"


_S = PaymentStatus

STEPS: dict[PaymentStatus, tuple[PaymentStatus, ...]] = {
    # UK Open Banking 4.0.1, payment order statuses. RCVD, ACSP, ACSC, ACWP, ACCC and RJCT must be told;
    # a bank may pass over the others in silence.
    _S.RCVD: (_S.PDNG, _S.ACTC, _S.PATC, _S.RJCT),
    _S.PDNG: (_S.ACTC, _S.PATC),
    _S.ACTC: (_S.ACCP,),
    _S.PATC: (_S.ACCP,),
    _S.ACCP: (_S.ACFC, _S.RJCT),
    _S.ACFC: (_S.ACSP, _S.RJCT),
    _S.ACSP: (_S.ACWC, _S.ACSC, _S.RJCT),
    _S.ACWC: (_S.ACSC, _S.RJCT),
    _S.ACSC: (_S.ACWP, _S.ACCC, _S.BLCK, _S.RJCT),
    _S.ACWP: (_S.ACCC, _S.RJCT),
    _S.ACCC: (),
    _S.BLCK: (),
    _S.RJCT: (),
}
"""Every single step a payment takes."""


def _later(status: PaymentStatus) -> set[PaymentStatus]:
    return {later for step in STEPS[status] for later in {step} | _later(step)}


LIFECYCLE = Lifecycle({status: _later(status) for status in STEPS})
"""
What the core may report next: any later step, as it may pass over some, and as one report may overtake another.

Nothing leads back, so reports give the same state in whatever order, and however often, they arrive.
"""
