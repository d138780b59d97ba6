"""Accounts, as a third party may see them."""

from uuid import UUID

from django.db import connection

from accounts.errors import AccountNotFound
from accounts.selectors.documents import DocumentList, document_column, ensure_covers
from consents.access import Grant


def list_account_documents(*, grant: Grant) -> DocumentList:
    """
    Return the accounts that the customer chose, ordered by their numbers; a closed one stays among them.

    :raises PermissionMissing: if the customer permitted no ReadAccounts.
    """
    with connection.cursor() as cursor:
        cursor.execute(_accounts(_column(grant)), [list(grant.account_ids)])
        documents, as_of = cursor.fetchone()
    return DocumentList(documents=(documents or "").encode(), as_of=as_of)


def get_account_document(*, grant: Grant, account_id: UUID) -> DocumentList:
    """
    Return one account.

    :raises AccountNotFound: if there is no such account, or the customer did not choose it.
    :raises PermissionMissing: if the customer permitted no ReadAccounts.
    """
    ensure_covers(grant, account_id)
    with connection.cursor() as cursor:
        cursor.execute(f"SELECT {_column(grant)}, as_of FROM accounts_account WHERE id = %s", [account_id])
        found = cursor.fetchone()
    if found is None:
        raise AccountNotFound(account_id=account_id)
    return DocumentList(documents=found[0].encode(), as_of=found[1])


def _column(grant: Grant) -> str:
    return document_column(grant, basic="ReadAccountsBasic", detail="ReadAccountsDetail")


def _accounts(column: str) -> str:
    return f"""
        SELECT string_agg({column}, ',' ORDER BY sort_code, account_number, id), max(as_of)
        FROM accounts_account WHERE id = ANY(%s)"""
