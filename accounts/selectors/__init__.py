"""
What third parties may read, as the documents that were stored when the core told its news; and what rooms above ask.

Every selector for third parties takes a grant, costs one statement and builds no model.
"""

from accounts.selectors.accounts import get_account_document, list_account_documents
from accounts.selectors.balances import list_balance_documents
from accounts.selectors.debtors import DebtorAccount, get_debtor_account
from accounts.selectors.documents import DocumentList
from accounts.selectors.transactions import DocumentPage, PageRequest, Position, list_transaction_documents

__all__ = [
    "DebtorAccount",
    "DocumentList",
    "DocumentPage",
    "PageRequest",
    "Position",
    "get_account_document",
    "get_debtor_account",
    "list_account_documents",
    "list_balance_documents",
    "list_transaction_documents",
]
