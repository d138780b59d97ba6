"""Which redirect URIs a client may have; with what is registered they are compared as exact strings."""

import re
from urllib.parse import urlsplit

from django.conf import settings

_LOOPBACK = frozenset({"127.0.0.1", "localhost", "::1"})
_MAX_LENGTH = 2000
_AUTHORITY = re.compile(r"(?:[a-z0-9.-]+|\[[0-9a-f:]+\])(?::[0-9]+)?", re.ASCII | re.IGNORECASE)
"""Host and port as RFC 3986 §3.2 has them, less what it allows and no host name has: they go into the pages' policy."""


def is_allowed_redirect_uri(uri: str) -> bool:
    """Say whether a URI is a whole https address (FAPI 2.0 §5.3.2.2), or in a sandbox one of this machine."""
    try:
        parts = urlsplit(uri)
        host, _ = parts.hostname, parts.port  # reading the port checks it.
    except ValueError:
        return False
    is_plain_text = uri.isascii() and uri.isprintable() and not set(uri) & set(' "<>\\^`{|}*')
    is_whole = bool(_AUTHORITY.fullmatch(parts.netloc)) and "#" not in uri and len(uri) <= _MAX_LENGTH
    is_loopback = settings.SANDBOX and parts.scheme == "http" and host in _LOOPBACK
    return is_plain_text and is_whole and (parts.scheme == "https" or is_loopback)
