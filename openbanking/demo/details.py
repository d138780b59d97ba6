"""What the demo decided and made: kept from run to run, written to ``demo.json``, shown in the banner."""

import json
import os
import secrets
import socket
from dataclasses import asdict, dataclass, field
from pathlib import Path
from typing import Any, Self


@dataclass(slots=True, kw_only=True)
class Client:
    """The demo's third party."""

    client_id: str = ""
    jwks_file: str = ""
    """The private JWK set, relative to the project's root."""
    redirect_uri: str = ""


@dataclass(slots=True, kw_only=True)
class Staff:
    """The login of bank staff."""

    url: str = ""
    username: str = "staff"
    password: str = ""


@dataclass(slots=True, kw_only=True)
class Webhooks:
    """Where the demo's own receiver listens, and with what it verifies."""

    receiver: str = ""
    secret: str = ""
    verification_key: str = ""


@dataclass(slots=True, kw_only=True)
class Details:
    """The content of ``demo.json``."""

    base_url: str
    issuer: str
    client: Client = field(default_factory=Client)
    customers: list[dict[str, str]] = field(default_factory=list)
    staff: Staff = field(default_factory=Staff)
    webhooks: Webhooks = field(default_factory=Webhooks)

    @classmethod
    def load(cls, folder: Path, *, preferred_port: int = 8000) -> Self:
        """Return what an earlier run in this folder left, on ports that are free now (0: any)."""
        path = _path(folder)
        kept: dict[str, Any] = json.loads(path.read_text()) if path.exists() else {}
        origin = f"http://127.0.0.1:{_free_port(kept.get('base_url', ''), preferred=preferred_port)}"
        details = cls(base_url=origin, issuer=origin)
        if kept:
            details.client = Client(**kept["client"])
            details.staff = Staff(**kept["staff"])
            details.webhooks = Webhooks(**kept["webhooks"])
        details.staff.url = f"{origin}/admin/"
        details.staff.password = details.staff.password or secrets.token_urlsafe(12)
        receiver_port = _free_port(details.webhooks.receiver, preferred=preferred_port and preferred_port + 1)
        details.webhooks.receiver = f"http://127.0.0.1:{receiver_port}/webhooks"
        return details

    def save(self, folder: Path) -> None:
        """Write ``demo.json``, for this user's eyes only."""
        path = _path(folder)
        path.touch(mode=0o600)
        path.write_text(json.dumps(asdict(self), indent=2) + "\n")

    def environment(self) -> dict[str, str]:
        """Return what the processes find in their environment."""
        return {
            "DJANGO_SETTINGS_MODULE": "openbanking.settings",
            "SANDBOX": "1",
            "BASE_URL": self.base_url,
            "PORT": self.base_url.rpartition(":")[2],
            "WEB_WORKERS": str(os.cpu_count() or 1),
            "WEBHOOKS_TEST_NETWORKS": "127.0.0.1/32",
        }

    def banner(self) -> str:
        """Return what a person at the terminal wants to know, with calls that work when pasted."""
        customers = "\n".join(f"    {c['username']:<22}{c['password']:<22}{c['about']}" for c in self.customers)
        return f"""
[bold]Millrace is running.[/bold]  Ctrl-C ends everything.

  home, documents        {self.base_url}/
  API reference          {self.base_url}/docs/api
  a customer's page      {self.base_url}/connected-apps
  bank staff             {self.staff.url}   {self.staff.username}  {self.staff.password}
  webhooks received      {self.webhooks.receiver.rpartition("/")[0]}/
  all of this as JSON    .services/demo.json

  customers of the sandbox's bank
{customers}

  three calls to paste (in another terminal, in this directory)
    [bold].venv/bin/obctl consent --username psu.happy[/bold]
    [bold].venv/bin/obctl get /accounts[/bold]
    [bold].venv/bin/obctl consent --payment 12.50 --username psu.happy && .venv/bin/obctl pay[/bold]
"""


def _path(folder: Path) -> Path:
    return folder / "demo.json"


def _free_port(address: str, *, preferred: int) -> int:
    """Return the port of ``address`` or the preferred one if it is free, else any free one."""
    known = address.removeprefix("http://127.0.0.1:").partition("/")[0]
    for port in (int(known) if known.isdigit() else preferred, 0):
        with socket.socket() as probe:
            probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
            try:
                probe.bind(("127.0.0.1", port))
            except OSError:
                continue
            found: int = probe.getsockname()[1]
            return found
    raise OSError("no free port on 127.0.0.1")
