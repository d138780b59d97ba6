"""What a third party must remember: where the bank is, who it is, its key, and what it was granted."""

import json
import os
from collections.abc import Mapping
from dataclasses import asdict, dataclass, field
from pathlib import Path
from typing import Any, Self

from portal.obctl.errors import ObctlError

OWN_PROFILE = Path(".obctl.json")
DEMO_DETAILS = Path(".services/demo.json")
DEMO_GRANTS = "obctl.json"
"""Beside ``demo.json``: what its client was granted."""

ACCOUNT_ACCESS = "account_access"
SINGLE_PAYMENT = "single_payment"


@dataclass(slots=True, kw_only=True)
class Granted:
    """One consent: lodged, and, once the customer has said yes, its tokens. Times are seconds since 1970."""

    consent_id: str
    kind: str
    lodged: dict[str, Any] = field(default_factory=dict)
    """The body that was lodged; a payment repeats it."""
    access_token: str = ""
    refresh_token: str = ""
    expires_at_s: float = 0.0
    payment_id: str = ""


@dataclass(slots=True, kw_only=True)
class Profile:
    """A client of the platform; ``path`` is where it is kept, readable by its owner only."""

    base_url: str
    client_id: str
    redirect_uri: str
    key: Mapping[str, Any]
    """The private JWK."""
    name: str = ""
    third_party_id: str = ""
    grants: dict[str, Granted] = field(default_factory=dict)
    """The newest consent of each kind."""
    path: Path | None = None

    def save(self) -> None:
        """Write the profile where it came from; a profile without a path is kept in memory only."""
        if self.path is None:
            return
        content = json.dumps(self._to_json(), indent=2)
        draft = self.path.with_name(f"{self.path.name}.{os.getpid()}")
        descriptor = os.open(draft, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600)
        with os.fdopen(descriptor, "w") as file:
            file.write(content + "\n")
        draft.replace(self.path)

    @classmethod
    def load(cls, path: Path | None = None) -> Self:
        """
        Read a profile: the given one, else one's own here, else the running demo's.

        :raises ObctlError: if there is none, or it cannot be read.
        """
        found = path or next((each for each in (OWN_PROFILE, DEMO_DETAILS) if each.exists()), None)
        if found is None:
            raise ObctlError("There is no profile here. Start `make demo`, or run `obctl app create` first.")
        try:
            content = json.loads(found.read_text())
            return cls._from_demo(content, found) if "client" in content else cls._from_json(content, found)
        except (OSError, ValueError, KeyError, TypeError, IndexError) as error:
            raise ObctlError(f"The profile {found} cannot be read ({type(error).__name__}: {error}).") from error

    def _to_json(self) -> dict[str, Any]:
        return {
            "base_url": self.base_url,
            "client_id": self.client_id,
            "redirect_uri": self.redirect_uri,
            "key": dict(self.key),
            "name": self.name,
            "third_party_id": self.third_party_id,
            "grants": {kind: asdict(granted) for kind, granted in self.grants.items()},
        }

    @classmethod
    def _from_json(cls, content: dict[str, Any], path: Path) -> Self:
        grants = {kind: Granted(**granted) for kind, granted in content.pop("grants", {}).items()}
        return cls(**content, grants=grants, path=path)

    @classmethod
    def _from_demo(cls, content: dict[str, Any], path: Path) -> Self:
        """Read ``demo.json``, whose key lies in a file beside it; what was granted is in a profile of our own."""
        client = content["client"]
        root = path.resolve().parent.parent
        jwks = json.loads((root / client["jwks_file"]).read_text())
        own = path.with_name(DEMO_GRANTS)
        before = cls._from_json(json.loads(own.read_text()), own) if own.exists() else None
        return cls(
            base_url=content["base_url"],
            client_id=client["client_id"],
            redirect_uri=client["redirect_uri"],
            key=jwks["keys"][0],
            grants=before.grants if before and before.client_id == client["client_id"] else {},
            path=own,
        )


def demo_password(username: str) -> str | None:
    """Return the password of a customer of the demo that runs here, if there is one of this name."""
    try:
        customers = json.loads(DEMO_DETAILS.read_text())["customers"]
        return next((str(each["password"]) for each in customers if each["username"] == username), None)
    except (OSError, ValueError, KeyError):
        return None


def demo_base_url() -> str | None:
    """Return the address of the demo that runs here, if there is one."""
    try:
        return str(json.loads(DEMO_DETAILS.read_text())["base_url"])
    except (OSError, ValueError, KeyError):
        return None
