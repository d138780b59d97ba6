"""Opaque page cursors: signed, and bound to the collection and the filters that they page through."""

import base64
import binascii
import hmac
from collections.abc import Sequence
from typing import ClassVar

import orjson
from django.conf import settings

from kernel.errors import DomainError

_MAC_BYTES = 16
_LONGEST = 512


class InvalidCursor(DomainError):
    code: ClassVar[str] = "invalid_cursor"
    detail: ClassVar[str] = "The page cursor was not issued for this collection and these filters."


def encode_cursor(position: Sequence[str], *, scope: Sequence[str]) -> str:
    """
    Return the cursor text for a position, safe in a URL.

    ``position`` is what the next statement needs (such as time and id of the last row, and the direction);
    ``scope`` is all that must stay the same while paging: consent, account, filters. It is signed but not
    contained, so that a cursor tells nothing and fits nowhere else.
    """
    payload = orjson.dumps(list(position))
    return base64.urlsafe_b64encode(_mac(settings.SECRET_KEY, payload, scope) + payload).rstrip(b"=").decode()


def decode_cursor(text: str, *, scope: Sequence[str]) -> tuple[str, ...]:
    """
    Return the position that :func:`encode_cursor` was given.

    Cursors signed with a former secret key (``SECRET_KEY_FALLBACKS``) still work.

    :raises InvalidCursor: if it was altered, or was made for another scope.
    """
    if len(text) > _LONGEST or not text.isascii():
        raise InvalidCursor
    try:
        signed = base64.b64decode(text + "=" * (-len(text) % 4), altchars=b"-_", validate=True)
    except binascii.Error:
        raise InvalidCursor from None
    mac, payload = signed[:_MAC_BYTES], signed[_MAC_BYTES:]
    keys = (settings.SECRET_KEY, *settings.SECRET_KEY_FALLBACKS)
    if not any(hmac.compare_digest(mac, _mac(key, payload, scope)) for key in keys):
        raise InvalidCursor
    return tuple(orjson.loads(payload))


def _mac(key: str, payload: bytes, scope: Sequence[str]) -> bytes:
    signed = orjson.dumps(["edge.paging", list(scope)]) + payload
    return hmac.digest(key.encode(), signed, "sha256")[:_MAC_BYTES]
