"""People: customers whom the bank has proven to us, and the bank's own staff."""

from collections.abc import Collection
from uuid import UUID

from django.contrib.auth.models import Group
from django.db import transaction

from oauth.errors import UsernameTaken
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


@transaction.atomic
def put_staff_member(*, username: str, full_name: str, password: str, groups: Collection[str]) -> User:
    """
    Make a member of the bank's staff, or give one who exists this name, password and exactly these groups.

    :raises UsernameTaken: if the name is somebody's who is not staff.
    :raises Group.DoesNotExist: if the platform has no such group.
    """
    user = User.objects.select_for_update().filter(username=username).first()
    if user is None:
        user = User.objects.create_staff(username, password, full_name=full_name)
    elif user.kind != UserKind.STAFF:
        raise UsernameTaken
    else:
        user.full_name = full_name
        if not user.check_password(password):  # setting the same one anew would end the person's sessions.
            user.set_password(password)
        user.save(update_fields=["full_name", "password"])
    user.groups.set([Group.objects.get(name=name) for name in groups])
    return user
