"""
Calls to third parties' addresses, made so that they can reach nothing inside the house.

The guard sits where the socket is made: it sees the very address that the connection goes to,
whatever a name resolved to a moment before.
"""

import asyncio
import random
import re
import socket
import ssl
import time
from collections.abc import Collection, Mapping, Sequence
from datetime import UTC, datetime
from types import TracebackType
from typing import Any, Self

import aiohttp
from aiohttp.abc import AbstractResolver
from aiohttp.connector import AddrInfoType
from aiohttp.resolver import AsyncResolver

from edge.addresses import Network, is_forbidden, lies_in
from webhooks.retries import Answer, Failure, parse_retry_after

TIMEOUT_S = 10.0
"""For one call as a whole: name, connection, answer and body."""

MOST_READ = 16 * 1024
"""So many bytes of an answer are read; then the connection is cut."""

EXCERPT = 4 * 1024

_SECRET = re.compile(r"whsec_[A-Za-z0-9+/=]+|(?i:bearer\s+)[A-Za-z0-9._~+/=-]{8,}")
"""What a careless receiver may echo and nobody else should read."""

SocketFactory = Any
"""What makes a socket for a resolved address; tests count the calls."""


class ForbiddenAddress(OSError):
    """The platform does not call this address; ``aiohttp`` goes on with the name's next one."""


class Transport:
    """
    Makes signed calls. Use it as an asynchronous context manager.

    ``deny`` adds forbidden networks, ``test_networks`` are those of the sandbox's own receivers:
    plain http goes there only.
    """

    def __init__(
        self,
        *,
        deny: Sequence[Network] = (),
        test_networks: Sequence[Network] = (),
        own_ports: Collection[int] = (),
        timeout_s: float = TIMEOUT_S,
        resolver: AbstractResolver | None = None,
        make_socket: SocketFactory = socket.socket,
        dns_cache_s: int = 30,
    ) -> None:
        self._deny = tuple(deny)
        self._test_networks = tuple(test_networks)
        self._own_ports = frozenset(own_ports)
        self._timeout = aiohttp.ClientTimeout(total=timeout_s)
        self._resolver = resolver
        self._make_socket = make_socket
        self._dns_cache_s = dns_cache_s
        self._own_resolvers: list[AbstractResolver] = []

    async def __aenter__(self) -> Self:
        tls = ssl.create_default_context()
        tls.minimum_version = ssl.TLSVersion.TLSv1_2
        self._sessions = {
            "https": self._session(self._guard_https, tls),
            "http": self._session(self._guard_http, tls),
        }
        return self

    async def __aexit__(
        self, _type: type[BaseException] | None, _error: BaseException | None, _trace: TracebackType | None
    ) -> None:
        for session in self._sessions.values():
            await session.close()
        for resolver in self._own_resolvers:
            await resolver.close()

    async def post(self, url: str, *, body: bytes, headers: Mapping[str, str]) -> Answer:
        """Send exactly ``body`` and return what came back; never raises for anything the receiver can do."""
        started = time.monotonic()
        try:
            status, text, retry_after_s = await self._exchange(url, body, headers)
        except Exception as error:  # a receiver's doings end here, as an answer of their own.
            return Answer(failure=_failure(error), excerpt=_describe(error), duration_ms=_since_ms(started))
        return Answer(
            status=status, excerpt=text[:EXCERPT], retry_after_s=retry_after_s, duration_ms=_since_ms(started)
        )

    async def _exchange(self, url: str, body: bytes, headers: Mapping[str, str]) -> tuple[int, str, float]:
        session = self._sessions["http" if url.startswith("http:") else "https"]
        async with session.post(url, data=body, headers=headers, allow_redirects=False) as response:
            raw = b""
            while len(raw) < MOST_READ:
                chunk = await response.content.read(MOST_READ - len(raw))
                if not chunk:
                    break
                raw += chunk
            else:
                response.close()  # the rest is not read: this connection cannot be used again.
            retry_after_s = parse_retry_after(response.headers.get("retry-after", ""), now=datetime.now(UTC))
            return response.status, _SECRET.sub("(hidden)", raw.decode(errors="replace")), retry_after_s

    def _session(self, guard: SocketFactory, tls: ssl.SSLContext) -> aiohttp.ClientSession:
        connector = aiohttp.TCPConnector(
            socket_factory=guard,
            resolver=self._resolver or self._new_resolver(),
            ssl=tls,
            limit=0,  # the dispatcher counts.
            use_dns_cache=self._dns_cache_s > 0,
            ttl_dns_cache=self._dns_cache_s,
        )
        return aiohttp.ClientSession(
            connector=connector,
            timeout=self._timeout,
            cookie_jar=aiohttp.DummyCookieJar(),
            trust_env=False,
            auto_decompress=False,
            headers={"user-agent": "Millrace-Webhooks/1", "content-type": "application/json"},
        )

    def _new_resolver(self) -> AbstractResolver:
        resolver = AsyncResolver()
        self._own_resolvers.append(resolver)
        return resolver

    def _guard_https(self, address: AddrInfoType) -> socket.socket:
        if is_forbidden(_ip(address), deny=self._deny, allow=self._test_networks):
            raise ForbiddenAddress("the bank does not call this address")
        return self._open(address)

    def _guard_http(self, address: AddrInfoType) -> socket.socket:
        if not lies_in(_ip(address), self._test_networks):
            raise ForbiddenAddress("plain http is for the sandbox's own receivers only")
        return self._open(address)

    def _open(self, address: AddrInfoType) -> socket.socket:
        if address[4][1] in self._own_ports and lies_in(_ip(address), self._test_networks):
            raise ForbiddenAddress("the sandbox's own services receive no events")
        family, kind, protocol, _, _ = address
        opened: socket.socket = self._make_socket(family, kind, protocol)
        opened.setblocking(False)
        return opened


def jitter() -> float:
    """Draw a number from [-1, 1] for the next pause."""
    return random.uniform(-1, 1)  # noqa: S311 - spreads load, guards nothing.


def _ip(address: AddrInfoType) -> str:
    return str(address[4][0])


def _failure(error: BaseException) -> Failure:
    if isinstance(error, asyncio.TimeoutError):
        return Failure.TIMEOUT
    if isinstance(error, aiohttp.ClientConnectorCertificateError | aiohttp.ClientConnectorSSLError):
        return Failure.CERTIFICATE
    if any(isinstance(cause, ForbiddenAddress) for cause in _causes(error)):
        return Failure.ADDRESS_FORBIDDEN
    return Failure.NO_CONNECTION


def _causes(error: BaseException | None) -> list[BaseException]:
    found: list[BaseException] = []
    while error is not None and error not in found:
        found.append(error)
        if isinstance(error, BaseExceptionGroup):
            found.extend(error.exceptions)
        error = getattr(error, "os_error", None) or error.__cause__ or error.__context__
    return found


def _describe(error: BaseException) -> str:
    return f"{type(error).__name__}: {error}"[:EXCERPT]


def _since_ms(started: float) -> int:
    return round((time.monotonic() - started) * 1000)
