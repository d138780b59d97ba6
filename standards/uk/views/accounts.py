"""``/accounts``: the accounts that the customer chose."""

from typing import Any, ClassVar
from uuid import UUID

from django.http import HttpResponse
from rest_framework.request import Request

from accounts import selectors
from consents.authentication import grant_of
from standards.uk.envelopes import collection_answer
from standards.uk.operations import Operation, Token
from standards.uk.views.endpoint import Endpoint

_COMMON: dict[str, Any] = {
    "tag": "Accounts",
    "token": Token.CONSENT,
    "scope": "accounts",
    "permissions": frozenset({"ReadAccountsBasic", "ReadAccountsDetail"}),
    "response": "AccountsResponse",
    "states_as_of": True,
}


class Accounts(Endpoint):
    """``GET /accounts``."""

    operations: ClassVar = {
        "get": Operation(name="GetAccounts", summary="List the accounts that the customer chose", **_COMMON)
    }

    def get(self, request: Request) -> HttpResponse:
        found = selectors.list_account_documents(grant=grant_of(request))
        return collection_answer(request, "Account", found.documents, as_of=found.as_of)


class Account(Endpoint):
    """``GET /accounts/{AccountId}``."""

    operations: ClassVar = {
        "get": Operation(name="GetAccountsAccountId", summary="Read one account", names_resource=True, **_COMMON)
    }

    def get(self, request: Request, account_id: UUID) -> HttpResponse:
        found = selectors.get_account_document(grant=grant_of(request), account_id=account_id)
        return collection_answer(request, "Account", found.documents, as_of=found.as_of)
