"""Chapter 4: people see that all flows, and where one payment went."""

import json

import httpx
import pytest
from prometheus_client.parser import text_string_to_metric_families

from tests.support.waiting import wait_for

pytestmark = [pytest.mark.processes, pytest.mark.xdist_group("journeys")]

DONE = {"ACSC", "ACCC"}


def test_one_command_tells_the_whole_way_of_a_payment(platform):
    payment_id = _pay(platform)
    wait_for(lambda: "accounts_transaction" in platform.manage("trace", payment_id))

    hops = json.loads(platform.manage("trace", payment_id, "--json"))

    types = {hop["details"]["type"] for hop in hops if hop["part"] == "event"}
    assert {"payments.payment.submitted", "bankcore.payment.instructed", "payments.payment.status_updated"} <= types
    assert {"call", "event", "topic", "consumer", "view"} <= {hop["part"] for hop in hops}
    assert all(hop["at"] for hop in hops if hop["part"] in {"event", "topic"})


def test_the_metrics_of_one_process_tell_of_all(platform):
    _pay(platform)

    def counted() -> dict[str, float]:
        text = httpx.get(f"{platform.base_url}/metrics", timeout=15).text
        families = list(text_string_to_metric_families(text))
        return {sample.name: sample.value for family in families for sample in family.samples if sample.value}

    # The relay runs in a worker of Celery, the groups in a process of their own: both count.
    wanted = {"millrace_events_sent_total", "millrace_chunk_seconds_count", "millrace_batch_records_count"}
    wait_for(lambda: wanted <= counted().keys())
    assert counted()["millrace_broker_up"] == 1


def test_all_flows(platform):
    def findings() -> list[dict[str, str]]:
        found: list[dict[str, str]] = httpx.get(f"{platform.base_url}/healthz/flow", timeout=15).json()["findings"]
        return found

    wait_for(lambda: not findings(), within_s=60)


def _pay(platform) -> str:
    client = platform.register()
    request = client.push(client.lodge_payment_consent(amount="5.67"))
    client.exchange(request, client.authorise(request, platform.customer("psu.happy")))
    payment_id: str = client.pay()["Data"]["DomesticPaymentId"]
    wait_for(lambda: client.get_payment(payment_id)["Data"]["Status"] in DONE)
    return payment_id
