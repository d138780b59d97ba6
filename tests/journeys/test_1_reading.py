"""Chapter 1: a customer says yes, and a third party reads what is fresh."""

from decimal import Decimal

import pytest

from portal.obctl.client import AISP
from portal.obctl.errors import Refused
from portal.obctl.receiver import WebhookReceiver
from tests.journeys.statements import newest_transactions, signed
from tests.support.official import assert_fits
from tests.support.waiting import wait_for

pytestmark = [pytest.mark.processes, pytest.mark.xdist_group("journeys")]


def test_accounts_balances_and_transactions_are_what_the_standard_says(account_access):
    accounts = account_access.get(f"{AISP}/accounts")
    assert_fits(accounts, "GetAccounts", status=200)
    account_id = accounts["Data"]["Account"][0]["AccountId"]

    assert_fits(account_access.get(f"{AISP}/accounts/{account_id}"), "GetAccountsAccountId", status=200)
    assert_fits(
        account_access.get(f"{AISP}/accounts/{account_id}/balances"), "GetAccountsAccountIdBalances", status=200
    )
    assert_fits(
        account_access.get(f"{AISP}/accounts/{account_id}/transactions"), "GetAccountsAccountIdTransactions", status=200
    )


def test_paging_shows_every_booked_transaction_once_and_they_add_up_to_the_balance(account_access):
    for account in account_access.get(f"{AISP}/accounts")["Data"]["Account"]:
        seen, total = set(), Decimal(0)
        for row in _booked(account_access, account["AccountId"]):
            assert row["TransactionId"] not in seen
            seen.add(row["TransactionId"])
            total += signed(row)

        assert total == _booked_balance(account_access, account["AccountId"])


def test_a_change_in_the_core_reaches_the_api_and_a_signed_webhook(platform, account_access):
    account_id = account_access.get(f"{AISP}/accounts")["Data"]["Account"][0]["AccountId"]
    with WebhookReceiver() as receiver:
        endpoint = account_access.create_webhook_endpoint(receiver.url)
        receiver.trust(secret=endpoint["secret"], verification_key=endpoint["verification_keys"][0])
        wait_for(lambda: account_access.get(f"/webhooks/endpoints/{endpoint['id']}")["status"] == "live")

        platform.manage(
            "simulate", "transaction", "--account", account_id, "--amount", "-7.89", "--description", "CORNER CAFE"
        )

        wait_for(
            lambda: any(signed(row) == Decimal("-7.89") for row in newest_transactions(account_access, account_id))
        )
        told = receiver.wait_for(lambda event: event.type == "transaction.booked" and account_id in event.body)
        account_access.call("DELETE", f"/webhooks/endpoints/{endpoint['id']}")
    assert told.v1
    assert told.v1a


def test_a_customer_who_says_no_leaves_the_third_party_without_access(platform):
    client = platform.register()
    request = client.push(client.lodge_account_consent())

    callback = client.authorise(request, platform.customer("psu.happy", decision="decline"))

    assert "error=access_denied" in callback
    assert "iss=" in callback


def test_an_ended_consent_is_refused_at_the_very_next_call(platform):
    client = platform.register()
    granted = client.lodge_account_consent()
    request = client.push(granted)
    client.exchange(request, client.authorise(request, platform.customer("psu.happy")))
    client.get(f"{AISP}/accounts")

    client.call("DELETE", f"{AISP}/account-access-consents/{granted.consent_id}")

    with pytest.raises(Refused) as refusal:
        client.get(f"{AISP}/accounts")
    assert refusal.value.status in {401, 403}


def _booked(client, account_id):
    address = f"{AISP}/accounts/{account_id}/transactions"
    while address:
        page = client.get(address)
        yield from (row for row in page["Data"]["Transaction"] if row["Status"] == "BOOK")
        address = page["Links"].get("Next")


def _booked_balance(client, account_id):
    for balance in client.get(f"{AISP}/accounts/{account_id}/balances")["Data"]["Balance"]:
        if balance["Type"] == "ITBD":
            return signed(balance)
    raise AssertionError("no booked balance")
