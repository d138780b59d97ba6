"""Which redirect URIs a client may have; with what is registered they are compared as exact strings."""

from urllib.parse import urlsplit

from django.conf import settings

_LOOPBACK = frozenset({"127.0.0.1", "localhost", "::1"})
_MAX_LENGTH = 2000


def is_allowed_redirect_uri(uri: str) -> bool:
    """Say whether a URI is a whole https address (FAPI 2.0 §5.3.2.2), or in a sandbox one of this machine."""
    try:
        parts = urlsplit(uri)
        host, _ = parts.hostname, parts.port  # reading the port checks it.
    except ValueError:
        return False
    is_plain_text = uri.isascii() and uri.isprintable() and not set(uri) & set(' "<>\\^`{|}*')
    is_whole = bool(host) and "#" not in uri and "@" not in parts.netloc and len(uri) <= _MAX_LENGTH
    is_loopback = settings.SANDBOX and parts.scheme == "http" and host in _LOOPBACK
    return is_plain_text and is_whole and (parts.scheme == "https" or is_loopback)
