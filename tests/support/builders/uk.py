"""Bodies as a third party sends them to the UK face."""

from typing import Any

ALL_BUT_PAN = [
    "ReadAccountsDetail",
    "ReadBalances",
    "ReadTransactionsDetail",
    "ReadTransactionsCredits",
    "ReadTransactionsDebits",
]


def an_account_access_body(**data: Any) -> dict[str, Any]:
    """Return a request for access to accounts, without an end; ``data`` goes into ``Data``."""
    return {"Data": {"Permissions": list(ALL_BUT_PAN)} | data, "Risk": {}}


def a_payment_consent_body(**initiation: Any) -> dict[str, Any]:
    """Return a request for a payment of 10.50 GBP; ``initiation`` goes into ``Data.Initiation``."""
    return {
        "Data": {
            "Initiation": {
                "InstructionIdentification": "INSTR-1",
                "EndToEndIdentification": "E2E-1",
                "InstructedAmount": {"Amount": "10.50", "Currency": "GBP"},
                "CreditorAccount": {
                    "SchemeName": "UK.OBIE.SortCodeAccountNumber",
                    "Identification": "09012687654321",
                    "Name": "Pennine Bakery Ltd",
                },
                "RemittanceInformation": {"Unstructured": ["Invoice 7"]},
            }
            | initiation
        },
        "Risk": {"PaymentContextCode": "TransferToThirdParty"},
    }


def an_order_body(consent_id: str, consent_body: dict[str, Any]) -> dict[str, Any]:
    """Return the order that a payment consent permits."""
    return {
        "Data": {"ConsentId": consent_id, "Initiation": consent_body["Data"]["Initiation"]},
        "Risk": consent_body["Risk"],
    }
