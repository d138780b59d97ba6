"""What must outlive a run: the ports, the passwords and the cluster id of an embedded set, in one private file."""

import json
import os
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any, TypeVar

from openbanking.services.errors import ServicesUnavailable

Part = TypeVar("Part")


@dataclass(frozen=True, slots=True)
class PostgresState:
    """The embedded PostgreSQL: its port, and the passwords of its superuser and of the two roles."""

    port: int
    admin_password: str
    owner_password: str
    app_password: str


@dataclass(frozen=True, slots=True)
class KafkaState:
    """The embedded Kafka: the port for clients, the port of its own controller, and the id of its cluster."""

    port: int
    controller_port: int
    cluster_id: str


@dataclass(frozen=True, slots=True)
class ValkeyState:
    """The embedded Valkey: its port and its password."""

    port: int
    password: str


@dataclass(frozen=True, slots=True)
class State:
    """An embedded set; a service that was never prepared is ``None``."""

    postgres: PostgresState | None = None
    kafka: KafkaState | None = None
    valkey: ValkeyState | None = None


def load_state(folder: Path) -> State:
    """
    Read the state of a folder, empty if nothing was ever prepared there.

    :raises ServicesUnavailable: if the file is not one that this version wrote.
    """
    file = _file(folder)
    try:
        stored = json.loads(file.read_text())
        return State(
            postgres=_part(PostgresState, stored["postgres"]),
            kafka=_part(KafkaState, stored["kafka"]),
            valkey=_part(ValkeyState, stored["valkey"]),
        )
    except FileNotFoundError:
        return State()
    except (ValueError, KeyError, TypeError) as error:
        problem = f"{file} cannot be read ({error}). Delete {folder} to start afresh; that loses its data."
        raise ServicesUnavailable(problem) from error


def save_state(folder: Path, state: State) -> None:
    """Write the state of a folder, whole or not at all, readable by its owner only: it holds passwords."""
    file = _file(folder)
    fresh = file.with_suffix(".new")
    descriptor = os.open(fresh, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600)
    with os.fdopen(descriptor, "w") as stream:
        json.dump(asdict(state), stream, indent=2)
        stream.flush()
        os.fsync(stream.fileno())
    fresh.replace(file)


def _file(folder: Path) -> Path:
    return folder / "state.json"


def _part(kind: type[Part], stored: dict[str, Any] | None) -> Part | None:
    return None if stored is None else kind(**stored)
