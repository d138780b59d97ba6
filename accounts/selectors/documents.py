"""Which of the stored documents a grant reaches."""

from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

from accounts.errors import AccountNotFound, PermissionMissing
from consents.access import Grant


@dataclass(frozen=True, slots=True, kw_only=True)
class DocumentList:
    """JSON objects in UTF-8, joined by commas, without the array's brackets; ``as_of`` is the newest one's moment."""

    documents: bytes
    as_of: datetime | None


def document_column(grant: Grant, *, basic: str, detail: str) -> str:
    """
    Return the SQL expression of the document that the grant reaches; Detail implies Basic.

    :raises PermissionMissing: if the grant has neither of the two permissions.
    """
    if detail in grant.permissions:
        return "COALESCE(document_detail_pan, document_detail)" if "ReadPAN" in grant.permissions else "document_detail"
    if basic in grant.permissions:
        return "document_basic"
    raise PermissionMissing(needs=(basic, detail))


def ensure_covers(grant: Grant, account_id: UUID) -> None:
    """
    Refuse an account that the customer did not choose.

    :raises AccountNotFound: if the grant does not cover it.
    """
    if account_id not in grant.account_ids:
        raise AccountNotFound(account_id=account_id)
