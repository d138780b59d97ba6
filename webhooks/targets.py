"""Which addresses a third party may name as its endpoint; where a name leads is asked anew at every connection."""

from collections.abc import Sequence
from ipaddress import ip_address
from urllib.parse import SplitResult, urlsplit

from edge.addresses import Network, is_forbidden, lies_in

PORTS = frozenset({443, 8443})
LONGEST_URL = 500


def fault_of_url(url: str, *, deny: Sequence[Network], test_networks: Sequence[Network]) -> str | None:
    """
    Say in a sentence why ``url`` cannot be an endpoint, or return ``None`` if it can.

    Inside ``test_networks`` (the sandbox's own receivers) plain http and any port may be used,
    but only by an address written as numbers: a name could lead elsewhere tomorrow.
    """
    parts = _split(url)
    if parts is None or len(url) > LONGEST_URL:
        return f"Give an absolute https URL in plain ASCII, of at most {LONGEST_URL} characters."
    if parts.username is not None or parts.password is not None or parts.fragment:
        return "The URL must have neither user name nor password nor fragment."
    host = parts.hostname or ""
    if lies_in(host, test_networks):
        return None
    if _is_address(host) and is_forbidden(host, deny=deny):
        return "The bank does not call this address."
    if parts.scheme != "https" or parts.port not in {None, *PORTS}:
        return "The URL must begin with https:// and use port 443 or 8443."
    return None


def _split(url: str) -> SplitResult | None:
    if not url.isascii() or not url.isprintable() or " " in url or "\\" in url:
        return None
    try:
        parts = urlsplit(url)
        _ = parts.port
    except ValueError:
        return None
    return parts if parts.scheme in {"http", "https"} and parts.hostname else None


def _is_address(host: str) -> bool:
    try:
        ip_address(host)
    except ValueError:
        return False
    return True
