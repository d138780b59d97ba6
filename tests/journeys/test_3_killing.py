"""Chapter 3: whatever is killed, nothing is lost and nothing happens twice."""

import pytest

from tests.journeys.statements import count_debits
from tests.support.waiting import wait_for

pytestmark = [pytest.mark.processes, pytest.mark.xdist_group("journeys")]

VICTIMS = ("relay", "consumers", "dispatcher", "web", "simulator")
SERVICES = ("kafka", "postgres", "valkey")


@pytest.mark.parametrize("victim", VICTIMS + SERVICES)
@pytest.mark.timeout(240)
def test_a_payment_during_which_something_is_killed_is_made_exactly_once(platform, victim):
    amount = f"4.{10 + (VICTIMS + SERVICES).index(victim)}"
    client = platform.register()
    reading = client.push(client.lodge_account_consent())
    client.exchange(reading, client.authorise(reading, platform.customer("psu.happy")))
    request = client.push(client.lodge_payment_consent(amount=amount))
    client.exchange(request, client.authorise(request, platform.customer("psu.happy")))

    payment_id = client.pay()["Data"]["DomesticPaymentId"]
    if victim in SERVICES:
        platform.kill_service(victim)
    else:
        platform.kill(victim)

    wait_for(lambda: _status(client, payment_id) in {"ACSC", "ACCC"}, within_s=90)
    wait_for(lambda: count_debits(client, amount), within_s=30)
    platform.wait_until_fresh()
    assert count_debits(client, amount) == 1


def _status(client, payment_id):
    """Ask how the payment stands; while the platform is being replaced it may not answer."""
    try:
        return client.get_payment(payment_id)["Data"]["Status"]
    except Exception:
        return None
