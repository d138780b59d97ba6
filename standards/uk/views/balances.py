"""``/accounts/{AccountId}/balances``."""

from typing import ClassVar
from uuid import UUID

from django.http import HttpResponse
from rest_framework.request import Request

from accounts import selectors
from consents.authentication import grant_of
from standards.uk.envelopes import collection_answer
from standards.uk.operations import Operation, Token
from standards.uk.views.endpoint import Endpoint


class AccountBalances(Endpoint):
    """``GET /accounts/{AccountId}/balances``."""

    operations: ClassVar = {
        "get": Operation(
            name="GetAccountsAccountIdBalances",
            summary="Read what an account holds",
            tag="Balances",
            token=Token.CONSENT,
            scope="accounts",
            permissions=frozenset({"ReadBalances"}),
            response="BalancesResponse",
            names_resource=True,
            states_as_of=True,
        )
    }

    def get(self, request: Request, account_id: UUID) -> HttpResponse:
        found = selectors.list_balance_documents(grant=grant_of(request), account_id=account_id)
        return collection_answer(request, "Balance", found.documents, as_of=found.as_of)
