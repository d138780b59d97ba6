"""``/accounts/{AccountId}/transactions``, page by page."""

from datetime import datetime
from typing import ClassVar
from uuid import UUID

from django.http import HttpResponse
from rest_framework.request import Request

from accounts import selectors
from consents.access import Grant
from consents.authentication import grant_of
from standards.uk.dates import write_instant
from standards.uk.envelopes import collection_answer
from standards.uk.operations import Operation, Token
from standards.uk.pages import page_links, read_query
from standards.uk.views.endpoint import Endpoint


class AccountTransactions(Endpoint):
    """``GET /accounts/{AccountId}/transactions``."""

    operations: ClassVar = {
        "get": Operation(
            name="GetAccountsAccountIdTransactions",
            summary="Read the movements of an account, newest first",
            tag="Transactions",
            token=Token.CONSENT,
            scope="accounts",
            permissions=frozenset({"ReadTransactionsBasic", "ReadTransactionsDetail"}),
            response="TransactionsResponse",
            names_resource=True,
            is_paged=True,
            states_as_of=True,
        )
    }

    def get(self, request: Request, account_id: UUID) -> HttpResponse:
        grant = grant_of(request)
        query = read_query(request, grant=grant, account_id=account_id)
        found = selectors.list_transaction_documents(grant=grant, account_id=account_id, page=query.page)
        return collection_answer(
            request,
            "Transaction",
            found.documents,
            as_of=found.as_of,
            links=page_links(request, query, found),
            meta=_available(grant, as_of=found.as_of),
        )


def _available(grant: Grant, *, as_of: datetime | None) -> dict[str, str]:
    """Return from when to when there are movements to read under this consent, as far as that is known."""
    ends = [instant for instant in (grant.transactions_to, as_of) if instant is not None]
    bounds = {"FirstAvailableDateTime": grant.transactions_from, "LastAvailableDateTime": min(ends, default=None)}
    return {name: write_instant(instant) for name, instant in bounds.items() if instant is not None}
