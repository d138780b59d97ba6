"""
The dispatcher's side of the database: claim, prepare, record; one statement per batch each.

Leases and retries keep the database's real time; consents and keys are judged by the application's clock.
"""

import asyncio
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from functools import lru_cache
from typing import Any
from uuid import UUID

import orjson
import psycopg
import structlog
from django.db import connections
from psycopg.rows import DictRow, dict_row

from kernel import tracing
from kernel.identifiers import new_id
from webhooks import vault
from webhooks.dispatch import statements
from webhooks.retries import SCHEDULE_S
from webhooks.signing import KeyPair

LEASE_S = 30
"""A claimed delivery belongs to its dispatcher for so long; if that one dies, another takes it then."""

_RECONNECT_S = (0.1, 0.2, 0.5, 1.0, 2.0, 5.0)

_log = structlog.get_logger("webhooks.dispatch")


@dataclass(frozen=True, slots=True, kw_only=True)
class Claimed:
    """A delivery under our lease."""

    delivery_id: int
    lease: UUID
    endpoint_id: UUID


@dataclass(frozen=True, slots=True, kw_only=True)
class Prepared:
    """
    All that one call needs, read in one statement after the claim.

    ``suppressed`` is the reason why it must not be sent at all, ``is_parked`` says that it must wait
    (third party suspended, endpoint no longer live). ``traceparent`` is that of the event, while traces are made.
    """

    claimed: Claimed
    attempt: int
    url: str
    event_id: UUID
    type: str
    occurred_at: datetime
    sequence: int
    body: dict[str, Any]
    schemes: Sequence[str]
    keys: Sequence[KeyPair]
    suppressed: str | None = None
    is_parked: bool = False
    traceparent: str | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Challenge:
    """An endpoint that has to echo its challenge now."""

    endpoint_id: UUID
    url: str
    challenge: str
    attempt: int
    schemes: Sequence[str]
    keys: Sequence[KeyPair]


@dataclass(frozen=True, slots=True, kw_only=True)
class Record:
    """What became of a claimed delivery; ``attempt`` is ``None`` if no call was made."""

    claimed: Claimed
    state: str
    reason: str
    delay_s: float = 0.0
    attempt: int | None = None
    started_at: datetime | None = None
    duration_ms: int = 0
    status: int | None = None
    excerpt: str = ""


@dataclass(slots=True)
class Store:
    """One connection, made anew whenever it is lost; each call is one transaction of one statement."""

    alias: str = "default"
    _connection: psycopg.AsyncConnection[DictRow] | None = field(default=None, init=False)
    _lock: asyncio.Lock = field(default_factory=asyncio.Lock, init=False)

    async def claim(self, *, limit: int, allowance: Mapping[UUID, int], per_endpoint: int) -> Sequence[Claimed]:
        """
        Lease up to ``limit`` due deliveries of live endpoints.

        An endpoint gets at most ``per_endpoint`` of them, or its own ``allowance`` if it has one there.
        """
        rows = await self._execute(
            statements.CLAIM,
            {
                "limit": limit,
                "allowance": orjson.dumps({str(endpoint): slots for endpoint, slots in allowance.items()}).decode(),
                "per_endpoint": per_endpoint,
                "lease": new_id(),
                "lease_s": LEASE_S,
            },
        )
        return [Claimed(delivery_id=row["id"], lease=row["lease"], endpoint_id=row["endpoint_id"]) for row in rows]

    async def prepare(self, claimed: Sequence[Claimed], *, now: datetime) -> Sequence[Prepared]:
        """Read what is to be sent, and whether a live consent still covers it at ``now``."""
        by_id = {delivery.delivery_id: delivery for delivery in claimed}
        rows = await self._execute(statements.PREPARE, {"ids": list(by_id), "now": now, "is_traced": tracing.is_on()})
        return [
            Prepared(
                claimed=by_id[row["id"]],
                attempt=row["attempts"] + 1,
                url=row["url"],
                event_id=row["event_id"],
                type=row["type"],
                occurred_at=row["occurred_at"],
                sequence=row["sequence"],
                body=row["body"],
                schemes=row["schemes"],
                keys=_open_keys(row),
                suppressed=row["suppressed"],
                is_parked=row["is_parked"],
                traceparent=row["traceparent"],
            )
            for row in rows
        ]

    async def record(self, records: Sequence[Record]) -> None:
        """Store what became of claimed deliveries; one whose lease another dispatcher took is left to that one."""
        await self._execute(
            statements.RECORD, {"rows": orjson.dumps([_record_row(record) for record in records]).decode()}
        )

    async def claim_challenges(self, *, limit: int, now: datetime) -> Sequence[Challenge]:
        """Take endpoints that are to be challenged, and note when they are next if they do not answer."""
        rows = await self._execute(
            statements.CLAIM_CHALLENGES,
            {"limit": limit, "now": now, "schedule": [*map(float, SCHEDULE_S)]},
        )
        return [
            Challenge(
                endpoint_id=row["endpoint_id"],
                url=row["url"],
                challenge=row["challenge"],
                attempt=row["challenge_attempts"],
                schemes=row["schemes"],
                keys=_open_keys(row),
            )
            for row in rows
        ]

    async def close(self) -> None:
        """Give the connection back."""
        if self._connection is not None:
            await self._connection.close()
            self._connection = None

    async def _execute(self, statement: str, values: Mapping[str, Any]) -> list[DictRow]:
        async with self._lock:
            attempt = 0
            while True:
                try:
                    return await self._try_execute(statement, values)
                except psycopg.OperationalError as error:
                    _log.warning("database_lost", error=type(error).__name__, attempt=attempt)
                    await self.close()
                    await asyncio.sleep(_RECONNECT_S[min(attempt, len(_RECONNECT_S) - 1)])
                    attempt += 1

    async def _try_execute(self, statement: str, values: Mapping[str, Any]) -> list[DictRow]:
        if self._connection is None:
            self._connection = await psycopg.AsyncConnection.connect(
                **_connection_values(self.alias), autocommit=True, row_factory=dict_row, prepare_threshold=2
            )
        cursor = await self._connection.execute(statement, values)
        return await cursor.fetchall() if cursor.description else []


def _connection_values(alias: str) -> dict[str, Any]:
    database = connections[alias].settings_dict
    return {
        "dbname": database["NAME"],
        "user": database["USER"],
        "password": database["PASSWORD"],
        "host": database["HOST"],
        "port": database["PORT"],
        "application_name": "millrace dispatcher",
        "connect_timeout": 5,
    }


def _open_keys(row: DictRow) -> list[KeyPair]:
    pairs = zip(row["sealed_secrets"] or (), row["sealed_private_keys"] or (), strict=True)
    return [_open_pair(row["endpoint_id"], bytes(secret), bytes(private_key)) for secret, private_key in pairs]


@lru_cache(maxsize=4096)
def _open_pair(endpoint_id: UUID, sealed_secret: bytes, sealed_private_key: bytes) -> KeyPair:
    return KeyPair.load(
        secret=vault.unseal(sealed_secret, owner=endpoint_id),
        private_key=vault.unseal(sealed_private_key, owner=endpoint_id),
    )


def _record_row(record: Record) -> dict[str, Any]:
    return {
        "id": record.claimed.delivery_id,
        "lease": record.claimed.lease,
        "state": record.state,
        "reason": record.reason,
        "delay_s": record.delay_s,
        "attempt": record.attempt,
        "started_at": record.started_at,
        "duration_ms": record.duration_ms,
        "status": record.status,
        "excerpt": record.excerpt.replace("\x00", ""),
    }
