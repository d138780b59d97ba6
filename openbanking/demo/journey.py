"""One third party's whole journey, over HTTP and the real screens, as any client would make it."""

import json
import time
from collections.abc import Callable
from contextlib import ExitStack
from decimal import Decimal
from io import StringIO
from pathlib import Path
from typing import Any

from django.core.management import call_command

from bankcore import simulator
from openbanking.demo.details import Client, Details
from openbanking.demo.steps import Steps
from portal.obctl.client import AISP, ThirdPartyClient
from portal.obctl.customer import Customer
from portal.obctl.errors import Refused
from portal.obctl.profile import ACCOUNT_ACCESS, DEMO_GRANTS, Profile
from portal.obctl.receiver import WebhookReceiver

CUSTOMER = "psu.happy"
_WITHIN_S = 20.0
_POLL_S = 0.05
_DONE = {"ACSC", "ACCC"}


def play(steps: Steps, running: ExitStack, details: Details, *, folder: Path) -> None:
    """
    Register, consent, read, pay, and be told of changes; each step must succeed.

    The webhook receiver stays until ``running`` is closed.
    """
    details.customers = [person._asdict() for person in simulator.customers()[:12]]
    password = next(person["password"] for person in details.customers if person["username"] == CUSTOMER)
    customer = Customer(username=CUSTOMER, password=password)
    receiver = running.enter_context(WebhookReceiver(port=_port(details.webhooks.receiver)))
    with steps.step("A third party registers, with its public key") as remark:
        client = running.enter_context(_registered(details, folder))
        remark.text = client.profile.client_id
    with steps.step("It says where it wants webhooks, and echoes the challenge") as remark:
        remark.text = _subscribe(client, receiver, details)
    details.save(folder)

    account_id = _read_accounts(steps, client, customer)
    _make_payment(steps, client, customer)
    _hear_of_change(steps, client, receiver, account_id)
    _end_consent(steps, client, customer, receiver)


def _read_accounts(steps: Steps, client: ThirdPartyClient, customer: Customer) -> str:
    """Get a consent, and read what it covers; returns the account to go on with."""
    with steps.step("It lodges a consent, pushes the request, and sends the customer to the bank") as remark:
        request = client.push(client.lodge_account_consent())
        remark.text = f"consent {client.profile.grants[request.kind].consent_id}"
    with steps.step("The customer signs in, chooses accounts and says yes"):
        callback = client.authorise(request, customer)
    with steps.step("The code becomes tokens"):
        client.exchange(request, callback)
    with steps.step("It reads the accounts") as remark:
        accounts = client.get(f"{AISP}/accounts")["Data"]["Account"]
        remark.text = ", ".join(str(account.get("Description") or account["AccountId"]) for account in accounts)
    account_id = str(accounts[0]["AccountId"])
    with steps.step("It reads balances and transactions") as remark:
        client.get(f"{AISP}/accounts/{account_id}/balances")
        page = client.get(f"{AISP}/accounts/{account_id}/transactions")
        remark.text = f"{len(page['Data']['Transaction'])} on the first page"
    return account_id


def _make_payment(steps: Steps, client: ThirdPartyClient, customer: Customer) -> None:
    with steps.step("It lodges a payment consent of £12.50; the customer sees it and approves"):
        request = client.push(client.lodge_payment_consent(amount="12.50"))
        client.exchange(request, client.authorise(request, customer))
    with steps.step("It makes the payment; the core answers") as remark:
        payment_id = client.pay()["Data"]["DomesticPaymentId"]
        statuses: list[str] = []

        def is_done() -> bool:
            status = client.get_payment(payment_id)["Data"]["Status"]
            if status not in statuses:
                statuses.append(status)
            return status in _DONE

        _wait_for(is_done)
        remark.text = " → ".join(statuses)
    with steps.step("The debit is among the customer's transactions"):
        account_ids = [account["AccountId"] for account in client.get(f"{AISP}/accounts")["Data"]["Account"]]
        _wait_for(lambda: any(_has_debit(client, account_id, "12.50") for account_id in account_ids))


def _hear_of_change(steps: Steps, client: ThirdPartyClient, receiver: WebhookReceiver, account_id: str) -> None:
    before = {event.id for event in receiver.events}
    with steps.step("Something is bought: the core books it, and the API shows it") as remark:
        began = time.monotonic()
        call_command(
            "simulate", "transaction", account=account_id, amount=-1_234, description="CORNER CAFE", stdout=StringIO()
        )
        _wait_for(lambda: _has_debit(client, account_id, "12.34"))
        remark.text = f"{time.monotonic() - began:.2f} s from the core to the API"
    with steps.step("A signed webhook says so; both signatures hold") as remark:
        told = receiver.wait_for(lambda event: event.type == "transaction.booked" and event.id not in before)
        remark.text = f"{told.type}, {time.monotonic() - began:.2f} s after the core"


def _end_consent(steps: Steps, client: ThirdPartyClient, customer: Customer, receiver: WebhookReceiver) -> None:
    """Get another consent and give it back; the first one stays for whoever looks around afterwards."""
    kept = client.profile.grants[ACCOUNT_ACCESS]
    with steps.step(
        "Another consent is given and ended; the very next call is refused, and a webhook says so"
    ) as remark:
        request = client.push(client.lodge_account_consent())
        ended = client.exchange(request, client.authorise(request, customer))
        client.get(f"{AISP}/accounts")
        client.call("DELETE", f"{AISP}/account-access-consents/{ended.consent_id}")
        remark.text = f"{_refused_with(client)} on the next call"
        receiver.wait_for(lambda event: event.type == "consent.ended" and ended.consent_id in event.body)
    client.profile.grants[ACCOUNT_ACCESS] = kept
    client.profile.save()


def _refused_with(client: ThirdPartyClient) -> int:
    """
    Return the status with which a read is refused.

    :raises AssertionError: if it is answered.
    """
    try:
        client.get(f"{AISP}/accounts")
    except Refused as refusal:
        return refusal.status
    raise AssertionError("a call under a consent that was ended was answered")


def _registered(details: Details, folder: Path) -> ThirdPartyClient:
    """Return the client of an earlier run if the platform still knows it, else a new one."""
    jwks = folder / "demo-client.jwks.json"
    known = details.client
    if known.client_id and jwks.exists():
        key = json.loads(jwks.read_text())["keys"][0]
        profile = Profile(
            base_url=details.base_url,
            client_id=known.client_id,
            redirect_uri=known.redirect_uri,
            key=key,
            path=folder / DEMO_GRANTS,
        )
        return ThirdPartyClient(profile)
    redirect_uri = "http://127.0.0.1:3000/callback"
    client = ThirdPartyClient.register(
        base_url=details.base_url, name="Meadow Money", redirect_uri=redirect_uri, path=folder / DEMO_GRANTS
    )
    jwks.touch(mode=0o600)
    jwks.write_text(json.dumps({"keys": [dict(client.profile.key)]}))
    details.client = Client(
        client_id=client.profile.client_id,
        jwks_file=str(jwks.relative_to(folder.parent)),
        redirect_uri=redirect_uri,
    )
    return client


def _subscribe(client: ThirdPartyClient, receiver: WebhookReceiver, details: Details) -> str:
    """Open the endpoint, or go on with an earlier run's, wherever the receiver listens now."""
    hooks = details.webhooks
    if hooks.secret:
        [endpoint] = client.get("/webhooks/endpoints")["endpoints"]
        if endpoint["url"] != receiver.url:
            client.call("PATCH", f"/webhooks/endpoints/{endpoint['id']}", json={"url": receiver.url})
    else:
        endpoint = client.create_webhook_endpoint(receiver.url)
        hooks.secret, hooks.verification_key = endpoint["secret"], endpoint["verification_keys"][0]
    receiver.trust(secret=hooks.secret, verification_key=hooks.verification_key)
    _wait_for(lambda: client.get(f"/webhooks/endpoints/{endpoint['id']}")["status"] == "live")
    return receiver.url


def _has_debit(client: ThirdPartyClient, account_id: str, amount: str) -> bool:
    page: dict[str, Any] = client.get(f"{AISP}/accounts/{account_id}/transactions")
    return any(
        Decimal(row["Amount"]["Amount"]) == Decimal(amount) and row["CreditDebitIndicator"] == "Debit"
        for row in page["Data"]["Transaction"][:20]
    )


def _wait_for(is_so: Callable[[], bool]) -> None:
    deadline = time.monotonic() + _WITHIN_S
    while not is_so():
        if time.monotonic() > deadline:
            raise TimeoutError(f"not within {_WITHIN_S:.0f} s")
        time.sleep(_POLL_S)


def _port(address: str) -> int:
    return int(address.removeprefix("http://127.0.0.1:").partition("/")[0])
