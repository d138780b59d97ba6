"""
The address guard sits where the socket is made: whatever a name resolves to, nothing inside is reached.

No socket is ever made for a forbidden address: ``make_socket`` counts.
"""

import asyncio
import itertools
import socket
import time

import pytest
from aiohttp.abc import AbstractResolver

from edge.addresses import networks
from tests.support.receiver import Reply, a_receiver
from webhooks.dispatch.transport import MOST_READ, Transport
from webhooks.retries import Failure

LOOPBACK = networks(["127.0.0.1/32"])


class StubResolver(AbstractResolver):
    """Answers each look-up with the next address of a list; it never asks anybody."""

    def __init__(self, *answers):
        self._answers = itertools.cycle(answers)

    async def resolve(self, host, port=0, family=socket.AF_INET):
        ip = next(self._answers)
        kind = socket.AF_INET6 if ":" in ip else socket.AF_INET
        return [{"hostname": host, "host": ip, "port": port, "family": kind, "proto": 0, "flags": 0}]

    async def close(self):
        """Nothing to close."""


class SocketCounter:
    def __init__(self):
        self.families = []

    def __call__(self, family, kind, protocol):
        self.families.append(family)
        raise AssertionError("a socket was made")


def post(url, *, resolver=None, make_socket=socket.socket, test_networks=(), own_ports=(), timeout_s=2.0, body=b"{}"):
    async def call():
        async with Transport(
            test_networks=test_networks,
            own_ports=own_ports,
            timeout_s=timeout_s,
            resolver=resolver,
            make_socket=make_socket,
        ) as transport:
            return await transport.post(url, body=body, headers={})

    return asyncio.run(call())


@pytest.mark.parametrize(
    "address",
    [
        *("127.0.0.1", "10.0.0.1", "169.254.169.254", "168.63.129.16", "0.0.0.0", "192.0.0.192", "224.0.0.1"),
        *("::1", "::ffff:127.0.0.1", "64:ff9b::7f00:1", "fd00::1", "fe80::1", "2002:7f00:1::", "2001:db8::1"),
    ],
)
def test_a_name_that_leads_inside_is_refused_before_a_socket_is_made(address):
    sockets = SocketCounter()

    answer = post("https://receiver.example/", resolver=StubResolver(address), make_socket=sockets)

    assert answer.failure == Failure.ADDRESS_FORBIDDEN
    assert sockets.families == []


@pytest.mark.parametrize("host", ["127.0.0.1", "[::1]", "[::ffff:7f00:1]", "169.254.169.254"])
def test_an_address_inside_is_refused_without_any_look_up(host):
    sockets = SocketCounter()

    answer = post(f"https://{host}/", resolver=StubResolver(), make_socket=sockets)

    assert answer.failure == Failure.ADDRESS_FORBIDDEN
    assert sockets.families == []


@pytest.mark.parametrize("host", ["2130706433", "0x7f.1", "127.1", "localhost", "0177.0.0.1"])
def test_other_spellings_of_an_address_inside_are_refused(host):
    sockets = SocketCounter()

    answer = post(f"https://{host}/", resolver=StubResolver("127.0.0.1"), make_socket=sockets)

    assert answer.status is None
    assert sockets.families == []


def test_a_name_that_rebinds_is_judged_anew_at_every_connection():
    with a_receiver() as receiver:
        port = receiver.url.split(":")[2].split("/")[0]
        receiver.usual = Reply(headers={"connection": "close"})
        resolver = StubResolver("127.0.0.1", "127.0.0.2")

        async def call_twice():
            async with Transport(test_networks=LOOPBACK, resolver=resolver, dns_cache_s=0) as transport:
                url = f"http://receiver.example:{port}/hook"
                return [await transport.post(url, body=b'{"type":"x"}', headers={}) for _ in range(2)]

        first, second = asyncio.run(call_twice())

    assert first.status == 204
    assert second.failure == Failure.ADDRESS_FORBIDDEN
    assert len(receiver.calls) == 1


def test_the_platforms_own_ports_are_never_called():
    sockets = SocketCounter()

    for scheme in ("http", "https"):
        answer = post(f"{scheme}://127.0.0.1:5432/", make_socket=sockets, test_networks=LOOPBACK, own_ports=[5432])

        assert answer.failure == Failure.ADDRESS_FORBIDDEN
    assert sockets.families == []


def test_plain_http_goes_to_the_test_networks_only():
    sockets = SocketCounter()

    answer = post(
        "http://receiver.example/", resolver=StubResolver("1.1.1.1"), make_socket=sockets, test_networks=LOOPBACK
    )

    assert answer.failure == Failure.ADDRESS_FORBIDDEN
    assert sockets.families == []


def test_a_redirect_is_not_followed():
    with a_receiver() as receiver, a_receiver() as elsewhere:
        receiver.usual = Reply(status=302, headers={"location": elsewhere.url})

        answer = post(receiver.url, test_networks=LOOPBACK, body=b'{"type":"x"}')

    assert answer.status == 302
    assert elsewhere.calls == []


def test_of_a_huge_body_only_the_beginning_is_read():
    sent = []

    def pieces():
        for _ in range(10 * 1024):
            sent.append(1)
            yield b"x" * 1024

    with a_receiver() as receiver:
        receiver.usual = Reply(status=200, body=pieces())
        answer = post(receiver.url, test_networks=LOOPBACK, body=b'{"type":"x"}')

    assert answer.status == 200
    assert len(answer.excerpt) <= MOST_READ
    assert len(sent) < 10 * 1024


def test_a_dripping_body_is_cut_off_in_time():
    def drops():
        while True:
            time.sleep(0.05)
            yield b"."

    with a_receiver() as receiver:
        receiver.usual = Reply(status=200, body=drops())
        started = time.monotonic()
        answer = post(receiver.url, test_networks=LOOPBACK, timeout_s=0.5, body=b'{"type":"x"}')

    assert answer.failure == Failure.TIMEOUT
    assert time.monotonic() - started < 3


def test_a_compressed_body_is_not_inflated():
    with a_receiver() as receiver:
        receiver.usual = Reply(status=200, headers={"content-encoding": "gzip"}, body=b"not gzip at all")
        answer = post(receiver.url, test_networks=LOOPBACK, body=b'{"type":"x"}')

    assert (answer.status, answer.excerpt) == (200, "not gzip at all")


def test_nobody_listening_is_no_connection():
    with socket.create_server(("127.0.0.1", 0)) as closed_soon:
        port = closed_soon.getsockname()[1]

    assert post(f"http://127.0.0.1:{port}/", test_networks=LOOPBACK).failure == Failure.NO_CONNECTION


def test_a_receiver_without_tls_fails_with_a_readable_reason():
    with a_receiver() as receiver:
        answer = post(receiver.url.replace("http:", "https:"), test_networks=LOOPBACK)

    assert answer.failure == Failure.CERTIFICATE
    assert answer.excerpt
