"""People who sign in: the bank's customers and staff, and developers of third parties."""

from typing import Any, ClassVar

from django.contrib.auth.models import AbstractBaseUser, BaseUserManager, PermissionsMixin
from django.db import models
from django.db.models import Q

from kernel import clock
from kernel.identifiers import new_id
from oauth.states import UserKind


class UserManager(BaseUserManager["User"]):
    """Makes members of staff; customers come by the bank's own sign-in and have no password here."""

    def create_staff(self, username: str, password: str, *, full_name: str = "") -> "User":
        """Make a member of the bank's staff, who may see nothing until put into a group."""
        return self._create(username, password, full_name=full_name, kind=UserKind.STAFF)

    def create_superuser(self, username: str, password: str | None = None, **fields: Any) -> "User":
        """Make a member of staff to whom every permission is given; called by ``createsuperuser``."""
        return self._create(username, password, **{**fields, "kind": UserKind.STAFF, "is_superuser": True})

    def _create(self, username: str, password: str | None, **fields: Any) -> "User":
        user = self.model(username=self.model.normalize_username(username), **fields)
        user.set_password(password)
        user.save(using=self._db)
        return user


class User(AbstractBaseUser, PermissionsMixin):
    """A person who signs in; ``party_id`` is the only link from a customer to the bank core."""

    id = models.UUIDField(primary_key=True, default=new_id, editable=False)
    username = models.CharField(max_length=150, unique=True)
    full_name = models.CharField(max_length=200, blank=True)
    kind = models.CharField(max_length=10, choices=UserKind.choices)
    party_id = models.UUIDField(null=True, blank=True, unique=True)
    is_active = models.BooleanField(default=True)
    created_at = models.DateTimeField(default=clock.now, editable=False)

    objects: ClassVar[UserManager] = UserManager()

    USERNAME_FIELD = "username"
    REQUIRED_FIELDS: ClassVar[list[str]] = ["full_name"]

    class Meta:
        db_table = "oauth_user"
        constraints = [
            models.CheckConstraint(
                name="user_has_a_party_iff_customer",
                condition=Q(kind=UserKind.CUSTOMER, party_id__isnull=False)
                | (~Q(kind=UserKind.CUSTOMER) & Q(party_id__isnull=True)),
            ),
            models.CheckConstraint(
                name="user_is_superuser_only_as_staff", condition=Q(kind=UserKind.STAFF) | Q(is_superuser=False)
            ),
        ]

    def __str__(self) -> str:
        return self.full_name or self.username

    @property
    def is_staff(self) -> bool:
        """Say whether the person may enter the staff site at all; Django's admin asks for this name."""
        return self.kind == UserKind.STAFF
