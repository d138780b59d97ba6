"""Security profiles as data: the endpoints, the discovery documents and the tests read the same rows."""

from dataclasses import dataclass
from datetime import timedelta


@dataclass(frozen=True, slots=True, kw_only=True)
class SecurityProfile:
    """What a client of this profile must and may do; all durations are upper limits."""

    name: str
    auth_methods: tuple[str, ...]
    signing_algs: tuple[str, ...]
    """For what clients sign (assertions)."""
    id_token_algs: tuple[str, ...]
    grant_types: tuple[str, ...]
    response_types: tuple[str, ...]
    response_modes: tuple[str, ...]
    code_challenge_methods: tuple[str, ...]
    require_par: bool
    sender_constraints: tuple[str, ...]
    """How access tokens are bound to the client's key; none means bearer tokens, for a sandbox only."""
    code_ttl: timedelta
    request_uri_ttl: timedelta
    """From the push until the customer's browser opens it."""
    answer_ttl: timedelta
    """From there until the customer has answered."""
    access_token_ttl: timedelta
    assertion_ttl: timedelta
    """How far ahead an assertion may expire."""
    clock_future: timedelta
    """How far ahead of ours a client's clock may be."""


FAPI2_SP = SecurityProfile(
    name="fapi2_sp",
    auth_methods=("private_key_jwt",),
    signing_algs=("ES256", "PS256"),  # FAPI 2.0 §5.4.1
    id_token_algs=("PS256", "ES256"),
    grant_types=("authorization_code", "refresh_token", "client_credentials"),
    response_types=("code",),
    response_modes=("query",),
    code_challenge_methods=("S256",),
    require_par=True,
    sender_constraints=(),
    code_ttl=timedelta(seconds=60),
    request_uri_ttl=timedelta(seconds=90),
    answer_ttl=timedelta(minutes=10),
    access_token_ttl=timedelta(minutes=10),
    assertion_ttl=timedelta(minutes=10),
    clock_future=timedelta(seconds=10),
)
"""FAPI 2.0 Security Profile, Final. Sender constraint is still missing: ``check --deploy`` says so."""

PROFILES = {profile.name: profile for profile in (FAPI2_SP,)}
