"""What a third party reads of an account, counted as a person would count it."""

from decimal import Decimal
from typing import Any

from portal.obctl.client import AISP, ThirdPartyClient


def newest_transactions(client: ThirdPartyClient, account_id: str) -> list[dict[str, Any]]:
    """Return the first page of an account's transactions."""
    page: dict[str, Any] = client.get(f"{AISP}/accounts/{account_id}/transactions")
    return list(page["Data"]["Transaction"])


def signed(row: dict[str, Any]) -> Decimal:
    """Return the amount of a transaction or balance; what is owed or leaves is negative."""
    amount = Decimal(row["Amount"]["Amount"])
    return amount if row["CreditDebitIndicator"] == "Credit" else -amount


def count_debits(client: ThirdPartyClient, amount: str) -> int:
    """Count the debits of an amount among the newest transactions of all accounts of the consent."""
    return sum(
        signed(row) == -Decimal(amount)
        for account in client.get(f"{AISP}/accounts")["Data"]["Account"]
        for row in newest_transactions(client, account["AccountId"])
    )
