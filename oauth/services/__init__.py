"""What changes in the room: requests, tokens, third parties and clients, people; and what is signed."""

from oauth.services.people import get_or_create_customer, put_staff_member
from oauth.services.requests import approve_request, open_request, push_request, refuse_request
from oauth.services.revocation import revoke_authorizations, revoke_token
from oauth.services.signing import sign
from oauth.services.third_parties import (
    register_client,
    reinstate_third_party,
    suspend_third_party,
)
from oauth.services.tokens import Issued, issue_to_client, redeem_code, redeem_refresh_token

__all__ = [
    "Issued",
    "approve_request",
    "get_or_create_customer",
    "issue_to_client",
    "open_request",
    "push_request",
    "put_staff_member",
    "redeem_code",
    "redeem_refresh_token",
    "refuse_request",
    "register_client",
    "reinstate_third_party",
    "revoke_authorizations",
    "revoke_token",
    "sign",
    "suspend_third_party",
]
