"""The versions of the standard that this face speaks: a version is a table of what differs, never a branch."""

from dataclasses import dataclass


@dataclass(frozen=True, slots=True, kw_only=True)
class Version:
    """One published version of the standard."""

    name: str
    """As kept with a consent: ``consents.models.Consent.face_version``."""
    path: str
    """The version's segment in addresses."""
    schemas: str
    """The folder below ``standards/uk/schemas`` that holds its payloads."""
    prefix: str
    """Goes before the names of its schemas, so that the versions and other faces can share one OpenAPI document."""
    reused_key_status: int
    """The HTTP status for a used idempotency key with another body."""


V4_0 = Version(name="4.0", path="v4.0", schemas="v4_0", prefix="Uk4", reused_key_status=422)
