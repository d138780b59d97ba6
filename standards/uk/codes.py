"""The standard's words for the house's: one table each for errors, consent statuses and refusals at the gate."""

from enum import Enum

from consents.access import RefusalReason
from consents.states import ConsentKind, ConsentStatus


class ErrorCode(Enum):
    """
    Error codes of the face: version 4's code, and version 3's name for the same.

    ``OBExternalStatusReason1Code``; one table serves both versions.
    """

    UNEXPECTED_ERROR = ("U000", "UK.OBIE.UnexpectedError")
    FIELD_EXPECTED = ("U001", "UK.OBIE.Field.Expected")
    FIELD_INVALID = ("U002", "UK.OBIE.Field.Invalid")
    FIELD_INVALID_DATE = ("U003", "UK.OBIE.Field.InvalidDate")
    FIELD_MISSING = ("U004", "UK.OBIE.Field.Missing")
    FIELD_UNEXPECTED = ("U005", "UK.OBIE.Field.Unexpected")
    HEADER_INVALID = ("U006", "UK.OBIE.Header.Invalid")
    HEADER_MISSING = ("U007", "UK.OBIE.Header.Missing")
    CONSENT_MISMATCH = ("U008", "UK.OBIE.Resource.ConsentMismatch")
    INVALID_CONSENT_STATUS = ("U009", "UK.OBIE.Resource.InvalidConsentStatus")
    INVALID_FORMAT = ("U010", "UK.OBIE.Resource.InvalidFormat")
    NOT_FOUND = ("U011", "UK.OBIE.Resource.NotFound")
    UNSUPPORTED_ACCOUNT_IDENTIFIER = ("U021", "UK.OBIE.Unsupported.AccountIdentifier")
    UNSUPPORTED_CURRENCY = ("U023", "UK.OBIE.Unsupported.Currency")
    UNSUPPORTED_LOCAL_INSTRUMENT = ("U026", "UK.OBIE.Unsupported.LocalInstrument")
    UNSUPPORTED_SCHEME = ("U027", "UK.OBIE.Unsupported.Scheme")
    RESOURCE_ALREADY_EXISTS = ("U029", "UK.OBIE.Rules.ResourceAlreadyExists")
    OTHER_REASON = ("U042", "UK.OBIE.OtherReason")
    INVALID_ACCESS_RIGHTS = ("AG08", "UK.OBIE.Resource.Forbidden")

    @property
    def code(self) -> str:
        """The code as version 4 writes it."""
        return self.value[0]

    @property
    def name_in_version_3(self) -> str:
        """The name by which version 3 calls the same error."""
        return self.value[1]


CONSENT_STATUSES: dict[ConsentKind, dict[ConsentStatus, str]] = {
    ConsentKind.ACCOUNT_ACCESS: {
        ConsentStatus.AWAITING_AUTHORISATION: "AWAU",
        ConsentStatus.AUTHORISED: "AUTH",
        ConsentStatus.REJECTED: "RJCT",
        ConsentStatus.ENDED: "CANC",
        ConsentStatus.EXPIRED: "EXPD",
    },
    ConsentKind.SINGLE_PAYMENT: {
        ConsentStatus.AWAITING_AUTHORISATION: "AWAU",
        ConsentStatus.AUTHORISED: "AUTH",
        ConsentStatus.REJECTED: "RJCT",
        ConsentStatus.USED: "COND",
        ConsentStatus.EXPIRED: "RJCT",  # the code set of payment consents has no word for "expired".
    },
}
"""``Status`` of a consent by its kind and the house's status (``OBInternalConsentStatus1Code``, ``…2Code``)."""

CONSENT_STATUS_REASONS: dict[ConsentStatus, tuple[str, str]] = {
    ConsentStatus.AWAITING_AUTHORISATION: ("U036", "The customer has not answered yet."),
    ConsentStatus.REJECTED: ("U037", "The customer did not authorise this."),
    ConsentStatus.USED: ("U038", "The consent served its payment."),
    ConsentStatus.ENDED: ("CN01", "The authorisation was taken back."),
    ConsentStatus.EXPIRED: ("TKXP", "The consent has expired."),
}
"""``StatusReason`` of a consent; an authorised one needs none."""

REFUSALS_AT_THE_GATE: dict[RefusalReason, tuple[int, str | None]] = {
    RefusalReason.NO_TOKEN: (401, None),  # RFC 6750 §3.1: no error code for a call without a token.
    RefusalReason.UNKNOWN_TOKEN: (401, "invalid_token"),
    RefusalReason.EXPIRED_TOKEN: (401, "invalid_token"),
    RefusalReason.REVOKED_TOKEN: (401, "invalid_token"),
    RefusalReason.THIRD_PARTY_SUSPENDED: (401, "invalid_token"),
    RefusalReason.NO_CONSENT: (401, "invalid_token"),
    RefusalReason.CONSENT_NOT_AUTHORISED: (401, "invalid_token"),
    RefusalReason.CONSENT_EXPIRED: (401, "invalid_token"),
    RefusalReason.WRONG_SCOPE: (403, "insufficient_scope"),
    RefusalReason.MISSING_PERMISSION: (403, None),
    RefusalReason.ACCOUNT_NOT_IN_CONSENT: (403, None),
}
"""HTTP status and ``WWW-Authenticate`` error of every reason for which a token is refused."""
