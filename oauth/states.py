"""Life cycles and closed lists of the room: code, tests and database constraints read them here."""

from django.db.models import TextChoices

from kernel.states import Lifecycle


class ThirdPartyStatus(TextChoices):
    ACTIVE = "active"
    SUSPENDED = "suspended"
    WITHDRAWN = "withdrawn"


THIRD_PARTY_LIFECYCLE: Lifecycle[ThirdPartyStatus] = Lifecycle(
    {
        ThirdPartyStatus.ACTIVE: {ThirdPartyStatus.SUSPENDED, ThirdPartyStatus.WITHDRAWN},
        ThirdPartyStatus.SUSPENDED: {ThirdPartyStatus.ACTIVE, ThirdPartyStatus.WITHDRAWN},
        ThirdPartyStatus.WITHDRAWN: frozenset(),
    }
)
"""A suspension can be taken back; a withdrawal cannot."""


class UserKind(TextChoices):
    CUSTOMER = "customer"
    STAFF = "staff"
    DEVELOPER = "developer"


class AuthMethod(TextChoices):
    """How a client proves who it is at the token endpoint; the names of the IANA registry."""

    PRIVATE_KEY_JWT = "private_key_jwt"
    CLIENT_SECRET_BASIC = "client_secret_basic"
    CLIENT_SECRET_POST = "client_secret_post"


class SigningAlgorithm(TextChoices):
    """JOSE algorithms that FAPI 2.0 §5.4.1 allows and the platform signs with."""

    ES256 = "ES256"
    PS256 = "PS256"
