"""The command line of ``obctl``: what can be typed, and what is printed."""

import argparse
import json
import sys
import threading
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any

from portal.obctl.callback import CallbackListener
from portal.obctl.client import AISP, PERMISSIONS, PISP, AuthorisationRequest, ThirdPartyClient
from portal.obctl.customer import APPROVE, DECLINE, Customer
from portal.obctl.errors import ObctlError
from portal.obctl.profile import OWN_PROFILE, Profile, demo_base_url, demo_password
from portal.obctl.receiver import Delivery, WebhookReceiver

WAIT_S = 600


def run(arguments: Sequence[str] | None) -> int:
    """Do what the arguments say; returns 0, or 1 after printing what went wrong."""
    given = _parser().parse_args(arguments)
    try:
        given.do(given)
    except ObctlError as error:
        print(f"obctl: {error}", file=sys.stderr)
        return 1
    except KeyboardInterrupt:
        return 130
    return 0


def create_app(given: argparse.Namespace) -> None:
    """``obctl app create``."""
    base_url = given.base_url or demo_base_url()
    if base_url is None:
        raise ObctlError("Where is the platform? Give --base-url, or start `make demo` here.")
    path = given.profile or OWN_PROFILE
    if path.exists() and not given.replace:
        raise ObctlError(f"{path} exists already; give --profile FILE for another client, or --replace.")
    with ThirdPartyClient.register(
        base_url=base_url.rstrip("/"), name=given.name, redirect_uri=given.redirect_uri, path=path
    ) as client:
        print(f"Registered {given.name!r} as client {client.profile.client_id}.")
        print(f"Its key and its tokens are kept in {path}.")


def ask_consent(given: argparse.Namespace) -> None:
    """``obctl consent``."""
    customer = _customer(given)
    with _client(given) as client:
        if given.payment is None:
            granted = client.lodge_account_consent(
                permissions=given.permission or PERMISSIONS, expires_at=given.expires
            )
        else:
            granted = client.lodge_payment_consent(
                amount=given.payment,
                currency=given.currency,
                creditor_name=given.payee,
                creditor_account=given.payee_account,
                reference=given.reference,
            )
        print(f"Lodged consent {granted.consent_id}.", file=sys.stderr)
        request = client.push(granted)
        callback_url = _answer(client, request, customer)
        client.exchange(request, callback_url)
        print(f"The customer said yes to consent {granted.consent_id}; the tokens are kept.")


def get(given: argparse.Namespace) -> None:
    """``obctl get PATH``."""
    with _client(given) as client:
        _print_json(client.get(_full_path(given.path)))


def pay(given: argparse.Namespace) -> None:
    """``obctl pay``."""
    with _client(given) as client:
        _print_json(client.pay(idempotency_key=given.idempotency_key))


def listen(given: argparse.Namespace) -> None:
    """``obctl listen``."""

    def show(event: Delivery) -> None:
        print(f"{event.headers['webhook-timestamp']} {event.type} {event.id} (v1 and v1a verified)")
        _print_json(event.message)

    with _client(given) as client, WebhookReceiver(port=given.port, on_event=show) as receiver:
        endpoint = client.create_webhook_endpoint(receiver.url, event_types=given.event_type or ())
        receiver.trust(secret=endpoint["secret"], verification_key=endpoint["verification_keys"][0])
        print(f"Listening at {receiver.url} as endpoint {endpoint['id']}; Ctrl-C ends it.", file=sys.stderr)
        try:
            threading.Event().wait()
        finally:
            client.call("DELETE", f"/webhooks/endpoints/{endpoint['id']}")


def _full_path(path: str) -> str:
    """Let ``/accounts`` mean the standard's address, ``/open-banking/v4.0/aisp/accounts``."""
    if path.startswith(("/accounts", "/account-access-consents")):
        return AISP + path
    return PISP + path if path.startswith("/domestic-payment") else path


def _customer(given: argparse.Namespace) -> Customer | None:
    """Return the customer to play, known before anything is lodged: a typing error loses no earlier consent."""
    if not given.username:
        return None
    password = given.password or demo_password(given.username)
    if password is None:
        raise ObctlError(f"The demo here knows no customer {given.username!r}; give --password.")
    decision = DECLINE if given.decline else APPROVE
    return Customer(username=given.username, password=password, decision=decision, accounts=given.account)


def _answer(client: ThirdPartyClient, request: AuthorisationRequest, customer: Customer | None) -> str:
    if customer:
        return client.authorise(request, customer)
    with CallbackListener(client.profile.redirect_uri) as listener:
        print(f"Open this address, sign in as a customer, and answer:\n\n  {request.url}\n", flush=True)
        return listener.wait(timeout_s=WAIT_S)


def _client(given: argparse.Namespace) -> ThirdPartyClient:
    profile = Profile.load(given.profile)
    if given.base_url:
        profile.base_url = given.base_url.rstrip("/")
    return ThirdPartyClient(profile)


def _print_json(value: Any) -> None:
    print(json.dumps(value, indent=2, ensure_ascii=False))


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(
        prog="obctl", description="A third party in a command: registers, asks for consent, reads, pays, listens."
    )
    commands = parser.add_subparsers(required=True, metavar="COMMAND")

    apps = commands.add_parser("app", help="your client at the bank").add_subparsers(required=True, metavar="COMMAND")
    create = _command(apps, "create", create_app, "make a key, register a client in the sandbox, keep both")
    create.add_argument("--name", default="My app", help="the name that customers see")
    create.add_argument("--redirect-uri", default="http://127.0.0.1:3000/callback", help="where customers come back to")
    create.add_argument("--replace", action="store_true", help="overwrite the profile")

    consent = _command(commands, "consent", ask_consent, "ask a customer for access to accounts, or for a payment")
    consent.add_argument("--permission", action="append", metavar="CODE", help="such as ReadBalances; may be repeated")
    consent.add_argument("--expires", metavar="TIME", help="when the access ends, such as 2027-02-01T00:00:00Z")
    consent.add_argument("--payment", metavar="AMOUNT", help="ask for one payment instead, such as 12.50")
    consent.add_argument("--currency", default="GBP")
    consent.add_argument("--payee", metavar="NAME", default="Riverside Garden Centre")
    consent.add_argument(
        "--payee-account", metavar="DIGITS", default="20000155779911", help="sort code and account number, 14 digits"
    )
    consent.add_argument("--reference", metavar="TEXT", default="Order 1001")
    consent.add_argument("--username", help="play this sandbox customer instead of opening a browser")
    consent.add_argument("--password", help="that customer's password; default: what the demo says")
    consent.add_argument("--account", action="append", metavar="TEXT", help="choose accounts by name or last digits")
    consent.add_argument("--decline", action="store_true", help="let that customer say no")

    reading = _command(commands, "get", get, "read an address, such as /accounts or /webhooks/endpoints")
    reading.add_argument("path")

    paying = _command(commands, "pay", pay, "make the payment that the customer has approved")
    paying.add_argument("--idempotency-key", metavar="KEY", help="the same key never pays twice")

    listening = _command(commands, "listen", listen, "receive webhooks here, and check their signatures")
    listening.add_argument("--port", type=int, default=0, help="of the receiver; any free one by default")
    listening.add_argument("--event-type", action="append", metavar="TYPE", help="such as transaction.booked")
    return parser


def _command(
    commands: "argparse._SubParsersAction[argparse.ArgumentParser]",
    name: str,
    do: Callable[[argparse.Namespace], None],
    about: str,
) -> argparse.ArgumentParser:
    command = commands.add_parser(name, help=about, description=about)
    command.add_argument("--profile", type=Path, metavar="FILE", help="default: .obctl.json here, else the demo's")
    command.add_argument("--base-url", metavar="URL", help="the platform's address; default: the profile's, the demo's")
    command.set_defaults(do=do)
    return command
