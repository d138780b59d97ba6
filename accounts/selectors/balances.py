"""What accounts hold, as a third party may see it."""

from uuid import UUID

from django.db import connection

from accounts.errors import PermissionMissing
from accounts.selectors.documents import DocumentList, ensure_covers
from consents.access import Grant


def list_balance_documents(*, grant: Grant, account_id: UUID) -> DocumentList:
    """
    Return one account's balances: what is booked and what is available.

    :raises AccountNotFound: if the customer did not choose the account.
    :raises PermissionMissing: if the customer did not permit ReadBalances.
    """
    ensure_covers(grant, account_id)
    if "ReadBalances" not in grant.permissions:
        raise PermissionMissing(needs="ReadBalances")
    with connection.cursor() as cursor:
        cursor.execute("SELECT document, as_of FROM accounts_balance WHERE account_id = %s", [account_id])
        document, as_of = cursor.fetchone() or ("", None)
    return DocumentList(documents=document.encode(), as_of=as_of)
