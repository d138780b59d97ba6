"""A page that a third party may read: a customer of the simulated bank said yes, by the platform's own screens."""

from dataclasses import dataclass

from benchmarks.processes import manage
from benchmarks.surroundings import Bench
from openbanking.demo.preparation import wait_until_fresh, wait_until_serving
from portal.obctl.client import AISP, ThirdPartyClient
from portal.obctl.customer import Customer

FULL_PAGE = 100


@dataclass(frozen=True, slots=True, kw_only=True)
class Page:
    """Where it is, and the token that opens it."""

    url: str
    token: str


def seed_bank(bench: Bench, *, customers: int) -> None:
    """Let the simulated core tell its customers' history, and wait until all of it is in the views."""
    wait_until_serving(bench.base_url)
    manage("simulate", "seed", "--customers", str(customers))
    wait_until_fresh()


def a_page(bench: Bench) -> Page:
    """
    Let a customer of the seeded bank consent, and return a page of a hundred transactions.

    Each call is a consent of its own, so that the token lasts for what is measured next.
    """
    from bankcore import simulator  # Django is set up by now.

    person = simulator.customers()[0]
    with ThirdPartyClient.register(
        base_url=bench.base_url, name="Meadow Money", redirect_uri="http://127.0.0.1:3000/callback"
    ) as client:
        request = client.push(client.lodge_account_consent())
        granted = client.exchange(
            request, client.authorise(request, Customer(username=person.username, password=person.password))
        )
        for account in client.get(f"{AISP}/accounts")["Data"]["Account"]:
            path = f"{AISP}/accounts/{account['AccountId']}/transactions"
            if len(client.get(path)["Data"]["Transaction"]) == FULL_PAGE:
                return Page(url=f"{bench.base_url}{path}", token=granted.access_token)
    raise AssertionError("no account of this customer fills a page")
