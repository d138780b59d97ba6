"""People whom the bank has proven to us."""

from uuid import UUID

from oauth.models import User
from oauth.states import UserKind

_NO_PASSWORD = "!"
"""Django's mark of a password that nothing matches: customers prove themselves to the bank."""


def get_or_create_customer(*, party_id: UUID, username: str, full_name: str) -> User:
    """
    Return the user for a party of the bank core, made at the first sign-in.

    The user's own name is made of ``username``, apart from the names of staff.
    """
    user, is_new = User.objects.get_or_create(
        party_id=party_id,
        defaults={
            "username": f"customer:{username}",
            "full_name": full_name,
            "kind": UserKind.CUSTOMER,
            "password": _NO_PASSWORD,
        },
    )
    if not is_new and user.full_name != full_name:
        user.full_name = full_name
        user.save(update_fields=["full_name"])
    return user
