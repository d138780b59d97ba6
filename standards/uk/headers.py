"""The standard's request headers: which must be there, and what they may hold."""

import ipaddress
import re
from collections.abc import Callable
from email.utils import parsedate_to_datetime

from django.http import HttpRequest

from standards.uk.codes import ErrorCode
from standards.uk.errors import Fault, Refused

IDEMPOTENCY_KEY = "x-idempotency-key"
AUTH_DATE = "x-fapi-auth-date"
CUSTOMER_IP_ADDRESS = "x-fapi-customer-ip-address"

LONGEST_IDEMPOTENCY_KEY = 40

_IDEMPOTENCY_KEY = re.compile(r"[!-~](?:[ -~]{0,38}[!-~])?")


def ensure_headers(request: HttpRequest) -> None:
    """
    Check the optional headers of every operation; an interaction id that is no UUID is replaced, not refused.

    :raises Refused: with every header that cannot be read.
    """
    faults = [
        Fault(ErrorCode.HEADER_INVALID, sentence, name)
        for name, (read, sentence) in _OPTIONAL.items()
        if (given := request.headers.get(name)) is not None and not _is_readable(read, given)
    ]
    if faults:
        raise Refused(*faults)


def read_idempotency_key(request: HttpRequest) -> str:
    """
    Return the idempotency key, which every POST of a payment and of its consent must bring.

    :raises Refused: if it is missing, longer than 40 characters, or begins or ends with a blank.
    """
    given = request.headers.get(IDEMPOTENCY_KEY)
    if given is None:
        raise Refused(Fault(ErrorCode.HEADER_MISSING, "The idempotency key is missing.", IDEMPOTENCY_KEY))
    if not _IDEMPOTENCY_KEY.fullmatch(given):
        sentence = f"The key has 1 to {LONGEST_IDEMPOTENCY_KEY} ASCII characters and no blank around them."
        raise Refused(Fault(ErrorCode.HEADER_INVALID, sentence, IDEMPOTENCY_KEY))
    return given


_OPTIONAL: dict[str, tuple[Callable[[str], object], str]] = {
    AUTH_DATE: (parsedate_to_datetime, "The value is not an HTTP date."),
    CUSTOMER_IP_ADDRESS: (ipaddress.ip_address, "The value is not an IP address."),
}
"""How each is read; a reader raises :class:`ValueError` for what it cannot read."""


def _is_readable(read: Callable[[str], object], given: str) -> bool:
    try:
        read(given)
    except (ValueError, TypeError, OverflowError, IndexError):  # the date's reader leaks all of these.
        return False
    return True
