"""Where the services are: the addresses given in the environment, else those of the embedded set."""

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

from openbanking.services.state import PostgresState, State, load_state

DATABASE = "millrace"
"""The database that the platform uses unless told otherwise."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Addresses:
    """Where to reach the three services; an address that nobody gave and nobody started is empty."""

    database_url: str
    """For the running platform: role ``millrace_app``, which owns nothing."""
    database_owner_url: str
    """For migrations: role ``millrace_owner``."""
    database_admin_url: str
    """For creating databases and roles, never for the platform itself: it would walk through every wall."""
    kafka_bootstrap_servers: str
    valkey_url: str

    def as_environment(self) -> dict[str, str]:
        """Return the variables that lead the platform's processes there; the administrator's is not theirs."""
        return {
            "DATABASE_URL": self.database_url,
            "DATABASE_OWNER_URL": self.database_owner_url,
            "KAFKA_BOOTSTRAP_SERVERS": self.kafka_bootstrap_servers,
            "VALKEY_URL": self.valkey_url,
        }


def known_addresses(folder: Path, given: Mapping[str, str]) -> Addresses:
    """
    Tell what is known about each service by itself; an address in ``given`` (the environment) wins.

    What is unknown stays empty. It does not look whether the services run.
    """
    state = load_state(folder)
    app, owner, admin = _database_urls(state, given)
    return Addresses(
        database_url=app,
        database_owner_url=owner,
        database_admin_url=admin,
        kafka_bootstrap_servers=given.get("KAFKA_BOOTSTRAP_SERVERS") or kafka_address(state),
        valkey_url=given.get("VALKEY_URL") or valkey_address(state),
    )


def database_address(postgres: PostgresState, role: str, password: str, database: str = DATABASE) -> str:
    """Return the address under which a role reaches a database of the embedded server."""
    return f"postgresql://{role}:{password}@127.0.0.1:{postgres.port}/{database}"


def kafka_address(state: State) -> str:
    """Return the embedded broker's ``host:port``, or nothing if there is none."""
    return f"127.0.0.1:{state.kafka.port}" if state.kafka else ""


def valkey_address(state: State) -> str:
    """Return the embedded Valkey's address, or nothing if there is none."""
    return f"redis://:{state.valkey.password}@127.0.0.1:{state.valkey.port}/0" if state.valkey else ""


def _database_urls(state: State, given: Mapping[str, str]) -> tuple[str, str, str]:
    """Return the addresses for the platform, for migrations and for administration."""
    if app := given.get("DATABASE_URL"):
        owner = given.get("DATABASE_OWNER_URL") or app
        return app, owner, given.get("DATABASE_ADMIN_URL") or owner
    if postgres := state.postgres:
        return (
            database_address(postgres, "millrace_app", postgres.app_password),
            database_address(postgres, "millrace_owner", postgres.owner_password),
            database_address(postgres, "postgres", postgres.admin_password, "postgres"),
        )
    return "", "", ""
