"""From the pushed form to the authorisation request: one table of checks, in order."""

import json
import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from types import MappingProxyType
from typing import Any, TypeAlias
from uuid import UUID

from oauth.errors import (
    InvalidAuthorizationDetails,
    InvalidRequest,
    InvalidScope,
    UnsupportedResponseType,
)
from oauth.forms import Form
from oauth.models import Client
from oauth.profiles import PROFILES, SecurityProfile
from oauth.redirect_uris import is_allowed_redirect_uri

DETAILS_TYPES: Mapping[str, str] = MappingProxyType({"accounts": "account_access", "payments": "single_payment"})
"""Scope, and the type of ``authorization_details`` (RFC 9396) that goes with it."""

SCOPES = (*DETAILS_TYPES, "openid")


@dataclass(frozen=True, slots=True, kw_only=True)
class AuthorizationRequest:
    """What a client asks of a customer; kept as it was pushed, and never read from a browser again."""

    redirect_uri: str
    scopes: frozenset[str]
    details: tuple[Mapping[str, Any], ...]
    code_challenge: str
    state: str
    nonce: str


def read_authorization_request(form: Form, client: Client) -> AuthorizationRequest:
    """
    Check a pushed form and return the request in it.

    :raises OAuthRefusal: by the first check that it does not pass.
    """
    profile = PROFILES[client.profile]
    for check in CHECKS:
        check(form, client, profile)
    return AuthorizationRequest(
        redirect_uri=form["redirect_uri"],
        scopes=frozenset(form["scope"].split(" ")),
        details=(_read_details(form["authorization_details"]),),
        code_challenge=form["code_challenge"],
        state=form.get("state", ""),
        nonce=form.get("nonce", ""),
    )


Check: TypeAlias = Callable[[Form, Client, SecurityProfile], None]


def refuse_request_objects(form: Form, client: Client, profile: SecurityProfile) -> None:
    """Refuse what would replace the pushed parameters: RFC 9126 §2.1; signed requests are not built."""
    if "request_uri" in form or "request" in form:
        raise InvalidRequest("Neither request_uri nor request may be pushed.")


def require_response_type(form: Form, client: Client, profile: SecurityProfile) -> None:
    """Require one of the profile's response types (FAPI 2.0 §5.3.2.2)."""
    if "response_type" not in form:
        raise InvalidRequest("response_type is missing.")
    if form["response_type"] not in profile.response_types:
        raise UnsupportedResponseType


def require_response_mode(form: Form, client: Client, profile: SecurityProfile) -> None:
    """Accept only response modes that the profile has; none means the first."""
    if form.get("response_mode", profile.response_modes[0]) not in profile.response_modes:
        raise InvalidRequest("response_mode is not supported.")


def require_registered_redirect_uri(form: Form, client: Client, profile: SecurityProfile) -> None:
    """Require a redirect URI, equal character by character to a registered one (RFC 9700 §2.1)."""
    redirect_uri = form.get("redirect_uri", "")
    if redirect_uri not in client.redirect_uris.split() or not is_allowed_redirect_uri(redirect_uri):
        raise InvalidRequest("redirect_uri is missing, or is not registered.")


def require_pkce(form: Form, client: Client, profile: SecurityProfile) -> None:
    """Require a PKCE challenge by S256 (RFC 7636 §4.3; without a method it would mean ``plain``)."""
    if form.get("code_challenge_method") not in profile.code_challenge_methods:
        raise InvalidRequest("code_challenge_method must be S256.")
    if not re.fullmatch("[A-Za-z0-9_-]{43}", form.get("code_challenge", "")):
        raise InvalidRequest("code_challenge must be the base64url text of a SHA-256.")


def require_scope(form: Form, client: Client, profile: SecurityProfile) -> None:
    """Require exactly one scope that a consent stands behind; ``openid`` may come with it."""
    scopes = form.get("scope", "").split(" ")
    if len(set(scopes)) != len(scopes) or not set(scopes) <= set(SCOPES) or len(set(scopes) & set(DETAILS_TYPES)) != 1:
        raise InvalidScope("scope must be accounts or payments, with or without openid.")


def require_details(form: Form, client: Client, profile: SecurityProfile) -> None:
    """Require one element that names a consent, of the type that goes with the scope (RFC 9396 §5)."""
    element = _read_details(form.get("authorization_details", ""))
    kind, consent_id = element.get("type"), element.get("consent_id")
    if element.keys() != {"type", "consent_id"} or not isinstance(kind, str) or not isinstance(consent_id, str):
        raise InvalidAuthorizationDetails("An element has type and consent_id, and nothing else.")
    if kind not in {DETAILS_TYPES[scope] for scope in form["scope"].split(" ") if scope in DETAILS_TYPES}:
        raise InvalidAuthorizationDetails("The type is unknown, or does not go with the scope.")
    try:
        UUID(consent_id)
    except ValueError:
        raise InvalidAuthorizationDetails from None


def limit_lengths(form: Form, client: Client, profile: SecurityProfile) -> None:
    """Keep what is stored and sent back within bounds far above what FAPI 2.0 §5.3.2.2 wants supported."""
    for name, limit in {"state": 4000, "nonce": 500}.items():
        if len(form.get(name, "")) > limit:
            raise InvalidRequest(f"{name} is longer than {limit} characters.")


def refuse_silence(form: Form, client: Client, profile: SecurityProfile) -> None:
    """Refuse ``prompt=none``: the customer is always asked (OpenID Connect Core §3.1.2.1)."""
    if "none" in form.get("prompt", "").split():
        raise InvalidRequest("prompt=none is not possible: the customer is always asked.")


CHECKS: tuple[Check, ...] = (
    refuse_request_objects,
    require_response_type,
    require_response_mode,
    require_registered_redirect_uri,
    require_pkce,
    require_scope,
    require_details,
    limit_lengths,
    refuse_silence,
)


def _read_details(text: str) -> dict[str, Any]:
    """Return the only element of ``authorization_details``."""
    try:
        elements = json.loads(text)
    except (ValueError, RecursionError):
        elements = None
    if not isinstance(elements, list) or len(elements) != 1 or not isinstance(elements[0], dict):
        raise InvalidAuthorizationDetails("authorization_details must be a JSON array of one object.")
    element: dict[str, Any] = elements[0]
    return element
