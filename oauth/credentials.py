"""Codes, tokens and request URIs: handed out once, kept as a checksum only."""

from hashlib import sha256
from secrets import token_urlsafe


def new_credential() -> str:
    """Return a new random value of 256 bits, safe in URLs and headers."""
    return token_urlsafe(32)


def checksum(credential: str) -> bytes:
    """Return what is kept of it: the SHA-256, which for so random a value needs neither salt nor stretching."""
    return sha256(credential.encode()).digest()
