"""Which errors pass by themselves, so that nothing is anybody's fault and all is tried again."""

from django.db import InterfaceError, InternalError, OperationalError

_TOO_LARGE = "54"
"""SQLSTATE class "program limit exceeded": a value is too long for an index, or the like. That never passes."""


def is_transient(error: BaseException) -> bool:
    """
    Say whether an error is the database's own: it is away, ended a transaction to end a deadlock, only reads, …

    psycopg calls more than that operational; what a record itself brings about is told apart by its SQLSTATE.
    """
    if not isinstance(error, OperationalError | InterfaceError | InternalError):
        return False
    sqlstate = getattr(error.__cause__, "sqlstate", None)
    return sqlstate is None or not sqlstate.startswith(_TOO_LARGE)
