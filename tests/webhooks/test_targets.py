"""What a third party may name as its endpoint."""

import pytest

from edge.addresses import networks
from webhooks.targets import fault_of_url

LOOPBACK = networks(["127.0.0.0/8"])


@pytest.mark.parametrize(
    "url",
    [
        "https://receiver.example/hooks",
        "https://receiver.example:8443/hooks?tenant=1",
        "https://1.1.1.1/",
        "https://[2a00::1]/",
    ],
)
def test_public_https_addresses_are_accepted(url):
    assert fault_of_url(url, deny=(), test_networks=()) is None


@pytest.mark.parametrize(
    "url",
    [
        *("http://receiver.example/", "ftp://receiver.example/", "receiver.example", "https://", "https:///x", ""),
        *("https://receiver.example:444/", "https://receiver.example:99999/", "https://user@receiver.example/"),
        *("https://user:pass@receiver.example/", "https://receiver.example/#x", "https://receiver.example/\n"),
        *("https://receiver.exämple/", "https://receiver.example\\@127.0.0.1/", "https://a b/", "https://[::1/"),
        *("https://127.0.0.1/", "https://169.254.169.254/latest", "https://[::1]/", "https://[fe80::1%25eth0]/"),
        *("https://receiver.example:0/", "https://receiver.example/" + "x" * 500),
    ],
)
def test_everything_else_is_refused_with_a_sentence(url):
    assert str(fault_of_url(url, deny=(), test_networks=())).endswith(".")


def test_plain_http_is_for_the_sandboxs_own_receivers_only():
    assert fault_of_url("http://127.0.0.1:9000/hook", deny=(), test_networks=LOOPBACK) is None
    assert fault_of_url("http://localhost:9000/hook", deny=(), test_networks=LOOPBACK)
    assert fault_of_url("http://1.1.1.1/hook", deny=(), test_networks=LOOPBACK)


def test_the_banks_own_networks_are_refused():
    assert fault_of_url("https://1.1.1.1/", deny=networks(["1.1.1.0/24"]), test_networks=())
