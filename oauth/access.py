"""Who is calling, once the token has said so."""

from dataclasses import dataclass
from enum import StrEnum
from uuid import UUID


@dataclass(frozen=True, slots=True, kw_only=True)
class Caller:
    """A third party's client that calls with a live token; ``scopes`` are the token's."""

    third_party_id: UUID
    client_id: str
    scopes: frozenset[str]


class TokenRefusal(StrEnum):
    """Why a client's own token does not admit it; the list is closed."""

    NO_TOKEN = "no_token"
    UNKNOWN_TOKEN = "unknown_token"
    EXPIRED_TOKEN = "expired_token"
    REVOKED_TOKEN = "revoked_token"
    THIRD_PARTY_SUSPENDED = "third_party_suspended"
    CUSTOMER_TOKEN = "customer_token"
    """A customer's token, where the client must come in its own name."""
    WRONG_SCOPE = "wrong_scope"
